#include <string.h>
#include <ridgewalk/status.h>

const char *rwk_status_name(rwk_status status) {
  switch (status) {
#define RWK_X(symbol, value, message)                                                                        \
  case RWK_##symbol:                                                                                         \
    return #symbol;
    RWK_STATUS_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

const char *rwk_status_message(rwk_status status) {
  switch (status) {
#define RWK_X(symbol, value, message)                                                                        \
  case RWK_##symbol:                                                                                         \
    return message;
    RWK_STATUS_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

static const struct {
  const char *name, *message;
} stops[] =
    {
#define RWK_X(symbol, name, message) {name, message},
        RWK_STOP_LIST(RWK_X)
#undef RWK_X
},
  verdicts[] = {
#define RWK_X(symbol, name, message) {name, message},
      RWK_VERDICT_LIST(RWK_X)
#undef RWK_X
};

enum { STOPS = sizeof stops / sizeof *stops, VERDICTS = sizeof verdicts / sizeof *verdicts };

const char *rwk_stop_name(rwk_stop stop) {
  return (unsigned)stop < STOPS ? stops[stop].name : "?";
}

const char *rwk_stop_message(rwk_stop stop) {
  return (unsigned)stop < STOPS ? stops[stop].message : "?";
}

const char *rwk_verdict_name(rwk_verdict verdict) {
  return (unsigned)verdict < VERDICTS ? verdicts[verdict].name : "?";
}

const char *rwk_verdict_message(rwk_verdict verdict) {
  return (unsigned)verdict < VERDICTS ? verdicts[verdict].message : "?";
}

rwk_status rwk_stop_from_name(rwk_stop *stop, const char *name) {
  for (int i = 0; i < STOPS; i++)
    if (!strcmp(stops[i].name, name)) return *stop = (rwk_stop)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

rwk_status rwk_verdict_from_name(rwk_verdict *verdict, const char *name) {
  for (int i = 0; i < VERDICTS; i++)
    if (!strcmp(verdicts[i].name, name)) return *verdict = (rwk_verdict)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}
