#include <math.h>
#include <stdio.h>
#include "audit/audit.h"

void rwk_audit_reason(rwk_audit *d) {
  rwk_audit_summary *s = &d->summary;
  char slopes[160] = "", *to = s->reason;
  const size_t room = sizeof s->reason;
  if (s->slopes)
    snprintf(slopes, sizeof slopes, "slopes between neighbours run from %.3g to %.3g times lambda%s",
             s->flattest, s->steepest, s->contrary ? ", and others have the wrong sign" : "");
  else
    snprintf(slopes, sizeof slopes, "no slope between neighbours has the right sign");
  if (s->verdict == RWK_AUDIT_INCONSISTENT) {
    snprintf(
        to, room,
        "no scale of the penalty makes most of the %zu penalties fit together (%zu do as written; %s): these "
        "numbers do not come from minimising error + factor * lambda * size, as after dropout, early "
        "stopping, "
        "another penalty, or an error measured on other rows",
        s->penalties, s->agree_expected, slopes);
  } else if (d->groups == 1) {
    snprintf(
        to, room,
        s->beaten
            ? "with one penalty nothing can be said of its scale; as written, %zu of %zu rows are beaten by "
              "another"
            : "with one penalty only its seeds can be compared, and none is beaten",
        s->beaten, d->count);
  } else if (!s->told && s->beaten) {
    snprintf(
        to, room,
        "as written, %zu of %zu rows are beaten by another; but from %zu different fits a wrong scale of the "
        "penalty cannot be told from fits that are not global (a factor of %.3g to %.3g would explain them)",
        s->beaten, d->count, s->penalties, s->low, s->high);
    if (!(s->low > 0 && s->low <= s->high && isfinite(s->high)))
      snprintf(
          to, room,
          "as written, %zu of %zu rows are beaten by another; %zu different fits are too few to tell whether "
          "the penalty has another scale",
          s->beaten, d->count, s->penalties);
  } else if (!s->told) {
    snprintf(to, room,
             "no row is beaten by another; but %zu different fit%s too few to say much: nothing speaks "
             "against the "
             "penalty as written",
             s->penalties, s->penalties == 1 ? " is" : "s are");
  } else if (s->beaten) {
    snprintf(
        to, room,
        "%zu of %zu rows are no global minima: at their own penalty the weights of another row have a lower "
        "objective",
        s->beaten, d->count);
  } else {
    snprintf(
        to, room,
        "no row is beaten by another at its own penalty, so nothing in these numbers speaks against global "
        "minima (nor proves them)");
  }
}
