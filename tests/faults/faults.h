/* What the program asks of the system, counted: the request with a given number fails. */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

typedef enum fault_kind {
  FAULT_NONE,
  FAULT_MEMORY, /* allocations of the program, the library, SQLite and jansson */
  FAULT_FILE,   /* opening, writing, syncing, renaming, linking, removing, locking, truncating */
  FAULT_CLOCK   /* the time of day jumps by a day, forth and back, at every look */
} fault_kind;

typedef struct fault_plan {
  fault_kind kind;
  long at;   /* 1, 2, ...; 0: none fails, but all are counted */
  int stays; /* 1: all that come after fail too */
  int error; /* errno of a failing file operation */
} fault_plan;

/* Before anything else of the process. 0 on success. */
int faults_install(void);
void faults_plan(const fault_plan *plan);
/* Requests of the planned kind so far; blocks of memory that are held. */
long faults_count(void);
long faults_live(void);

/* vfs.c: may this file operation go on? 0, or the errno it fails with. */
int faults_file_operation(void);
int faults_install_vfs(void);

/* The program's main (src/cli/main.c). */
int ridgewalk_main(int argc, char **argv);

#endif
