// The commands that explain: --listen, decode, describe.
#pragma once

#include <string>

#include "client/smilecat/exit_status.h"
#include "net/endpoint.h"

namespace smile::cat {

// Until it is interrupted. Prints on stdout, first the address at which it listens.
ExitStatus RunSniffer(const Endpoint& listen, const Endpoint& server);

// Explains captured bytes of a file ("-": standard input), either direction or both one after the
// other. kIncomplete if they are not all whole frames.
ExitStatus RunDecode(const std::string& path);

// The operations table; with a name, how that operation is written and what its fields are. None
// if there is no such operation.
std::string DescribeOperations();
std::string DescribeOperation(std::string_view name);

}  // namespace smile::cat
