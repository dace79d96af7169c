#include <math.h>
#include <stdio.h>
#include "audit/audit.h"

static void inconsistent(char *to, size_t room, const rwk_audit_summary *s) {
  char slopes[120] = "no slope between neighbours has the right sign";
  if (s->slopes)
    snprintf(slopes, sizeof slopes, "slopes between neighbours run from %.3g to %.3g times lambda%s",
             s->flattest, s->steepest, s->contrary ? ", others have the wrong sign" : "");
  snprintf(
      to, room,
      "no scale of the penalty makes most of the %zu penalties fit together (%zu do as written; %s): these "
      "numbers do not come from minimising error + factor * lambda * size, as after dropout, early "
      "stopping, another penalty, or an error measured on other rows",
      s->penalties, s->agree_expected, slopes);
}

void rwk_audit_reason(rwk_audit *d) {
  rwk_audit_summary *s = &d->summary;
  char *to = s->reason, rows[64];
  const size_t room = sizeof s->reason;
  const int bounded = s->low > 0 && s->low <= s->high && isfinite(s->high);
  snprintf(rows, sizeof rows, "%zu of %zu rows %s", s->beaten, d->count, s->beaten == 1 ? "is" : "are");
  if (s->verdict == RWK_AUDIT_INCONSISTENT)
    inconsistent(to, room, s);
  else if (d->groups == 1 && s->beaten)
    snprintf(to, room, "as written, %s beaten by another; one penalty says nothing of its scale", rows);
  else if (d->groups == 1)
    snprintf(to, room, "with one penalty only its seeds can be compared, and none is beaten");
  else if (!s->told && s->beaten && bounded)
    snprintf(
        to, room,
        "as written, %s beaten by another; but from %zu different fits a wrong scale of the penalty cannot "
        "be told from fits that are not global (a factor of %.3g to %.3g would explain them)",
        rows, s->penalties, s->low, s->high);
  else if (!s->told && s->beaten)
    snprintf(
        to, room,
        "as written, %s beaten by another, and no other scale of the penalty would change that for all of "
        "them",
        rows);
  else if (!s->told)
    snprintf(
        to, room,
        "no row is beaten by another; but %zu different fit%s too few to say much: nothing speaks against "
        "the penalty as written",
        s->penalties, s->penalties == 1 ? " is" : "s are");
  else if (s->beaten)
    snprintf(to, room,
             "%s not global: at their own penalty the weights of another row have a lower objective%s", rows,
             4 * (s->penalties - s->agree) >= s->penalties
                 ? "; so many may also come from noise, as of dropout"
                 : "");
  else
    snprintf(
        to, room,
        "no row is beaten by another at its own penalty, so nothing in these numbers speaks against global "
        "minima (nor proves them)");
}
