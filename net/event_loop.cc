#include "net/event_loop.h"
