#include "report/chart.h"
