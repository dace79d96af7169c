/* data/input.h: bytes of a file, of standard input or from memory, with gzip undone. */
#ifndef RWK_DATA_INPUT_H
#define RWK_DATA_INPUT_H

#include <stddef.h>
#include <zlib.h>
#include "base/context.h"

typedef struct rwk_input {
  rwk_context *ctx;
  const char *name; /* for messages; the caller's */
  int fd;           /* -1: from memory */
  int close_fd;
  const unsigned char *bytes; /* what has been read and not been used: bytes[at..length) */
  size_t at, length;
  unsigned char *buffer; /* of the file */
  int at_end;
  int gzip;        /* magic 1f 8b */
  int in_member;   /* inside one of the gzip file's members */
  z_stream stream; /* if gzip */
} rwk_input;

/* `file` "-" is standard input. On failure nothing needs closing. `name` stands for it in messages. */
rwk_status rwk_input_open(rwk_input *in, rwk_context *ctx, const char *file, const char *name);
rwk_status rwk_input_open_memory(rwk_input *in, rwk_context *ctx, const void *bytes, size_t length,
                                 const char *name);
void rwk_input_close(rwk_input *in);

/* Fills out[room]; *got < room only at the end. */
rwk_status rwk_input_read(rwk_input *in, char *out, size_t room, size_t *got);

#endif
