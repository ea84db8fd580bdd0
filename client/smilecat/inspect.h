// The commands that explain: --listen, decode, describe.
#pragma once

#include <string>

#include "client/smilecat/exit_status.h"
#include "net/endpoint.h"

namespace smile::cat {

// Until it is interrupted. Prints on stdout, first the address at which it listens. What passes is
// saved as a capture (client/smilecat/capture.h) if `save_file` is not empty, with secrets masked
// unless they are shown.
ExitStatus RunSniffer(const Endpoint& listen, const Endpoint& server, const std::string& save_file,
                      bool show_secrets);

// Explains a file ("-": standard input): a capture of packets, or bytes of the protocol, either
// direction or both one after the other. kIncomplete if they are not all whole frames.
ExitStatus RunDecode(const std::string& path);

// The operations table; with a name, how that operation is written and what its fields are. None
// if there is no such operation.
std::string DescribeOperations();
std::string DescribeOperation(std::string_view name);

}  // namespace smile::cat
