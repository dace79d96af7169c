/* report/relief.h: heights over a plane, in colours and contours. */
#ifndef RWK_REPORT_RELIEF_H
#define RWK_REPORT_RELIEF_H

#include "report/canvas.h"
#include "report/ticks.h"

/* Levels are even steps of the logarithm of the height above the lowest, so that a valley has its shape
 * beside a wall; each contour is labelled once. */
void rwk_relief_draw(rwk_canvas *canvas, rwk_arena *arena, const rwk_relief *field, const rwk_scale *sx,
                     const rwk_scale *sy);

#endif
