/* ridgewalk: L2 regularisation paths of neural networks, with proof. What is not under this header is not
 * API. */
#ifndef RIDGEWALK_H
#define RIDGEWALK_H

#include <ridgewalk/status.h>
#include <ridgewalk/context.h>
#include <ridgewalk/problem.h>
#include <ridgewalk/table.h>
#include <ridgewalk/mlp.h>
#include <ridgewalk/solve.h>
#include <ridgewalk/update.h>
#include <ridgewalk/certify.h>
#include <ridgewalk/branch.h>
#include <ridgewalk/path.h>
#include <ridgewalk/audit.h>
#include <ridgewalk/landscape.h>
#include <ridgewalk/folds.h>
#include <ridgewalk/laplace.h>
#include <ridgewalk/cv.h>
#include <ridgewalk/search.h>
#include <ridgewalk/run.h>

#endif
