// How jemalloc allocates for smiled (docs/decisions/0030-huge-pages.md).

extern "C" {

// jemalloc reads it when the process starts; the environment's MALLOC_CONF goes before it. Without
// jemalloc, in sanitizer builds, nobody reads it.
extern const char* const malloc_conf;
const char* const malloc_conf = "thp:always,oversize_threshold:32768";
}
