#include "bench/smilebench/option_parts.h"

#include "base/check.h"
#include "base/option_checks.h"
#include "bench/smilebench/options.h"

namespace smile::bench {

void AddReportOptions(CLI::App* app, int64_t* server_pid, bool* json) {
  app->add_option("--server-pid", *server_pid,
                  "process id of the server on this machine, to report its CPU time and memory")
      ->type_name("PID")
      ->check(IntegerFrom(1, kMaxPid));
  app->add_flag("--json", *json, "print the report as JSON");
}

Status ParseCommandLine(CLI::App* app, int argc, const char* const* argv, std::string* help) {
  try {
    app->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    *help = app->help();
  } catch (const CLI::ParseError& error) {
    return {Code::kInvalid, MessageOf(*app, error)};
  }
  return {};
}

Result<Endpoint> ServerOf(std::string_view target, std::string_view scheme, uint16_t usual_port) {
  CHECK(target.starts_with(scheme));
  Result<Endpoint> server = ParseEndpoint(target.substr(scheme.size()), usual_port);
  if (!server.ok()) return Status(Code::kInvalid, "--target: " + server.status().message());
  return server;
}

}  // namespace smile::bench
