// Options of jemalloc for smiled (docs/decisions/0030-huge-pages.md).

extern "C" {

// Read by jemalloc when the process starts; the environment variable MALLOC_CONF takes precedence.
// Unused without jemalloc (sanitizer builds).
extern const char* const malloc_conf;
const char* const malloc_conf = "thp:always,dirty_decay_ms:2000";
}
