/* What R calls, by name. */
#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>
#include "core.h"

#define ENTRY(name, arguments)                                                                               \
  { #name, (DL_FUNC)(void (*)(void))core_r_##name, arguments }

static const R_CallMethodDef entries[] = {
    ENTRY(describe, 1), ENTRY(path, 2),     ENTRY(predict, 5),  ENTRY(certify, 4), ENTRY(solve, 4),
    ENTRY(hessian, 3),  ENTRY(branch, 4),   ENTRY(cv, 4),       ENTRY(audit, 3),   ENTRY(rounding, 2),
    ENTRY(scale, 2),    ENTRY(run_save, 4), ENTRY(run_load, 2), ENTRY(lists, 0),   {NULL, NULL, 0}};

void attribute_visible R_init_ridgewalk(DllInfo *info);

void attribute_visible R_init_ridgewalk(DllInfo *info) {
  R_registerRoutines(info, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
  R_forceSymbols(info, TRUE);
}
