#include "client/smilecat/help_texts.h"

#include <fmt/format.h>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/requests.h"

namespace smile::cat {

std::string RootFooter() {
  std::string requests;
  Requests::ForEach([&]<class Row>() {
    requests +=
        fmt::format("  {}\n      {}\n", UsageOfOperation(Row::kInfo.name).line, Row::kInfo.summary);
  });
  return "Requests (smilecat OPERATION --help says more):\n" + requests +
         "\n"
         "A record is named by its path: users/42/profile, logins/ada@example.org, posts/42/7.\n"
         "In a name, / is written as %2F and % as %25.\n"
         "A VALUE is taken literally, or read from a file (@FILE) or standard input "
         "(-).\n"
         "After --, nothing is an option, @FILE or -.\n"
         "\n"
         "get prints a readable line on a terminal, and the bytes of the value in a pipe. On "
         "standard\n"
         "input, empty lines and lines that begin with # are skipped, arguments with spaces are "
         "written\n"
         "in 'single' or \"double\" quotes, and every line has one line of output, in input "
         "order.\n"
         "\n"
         "  smilecat put users/42/profile 'Ada Lovelace'\n"
         "  smilecat get users/42/profile | wc -c\n"
         "  smilecat put posts/42/7 @post.txt --if-absent --expire-seconds 3600\n"
         "  smilecat scan posts/42 --limit 20 --json\n"
         "  smilecat link 42 friend 7 --value 'met in 1833'\n"
         "  smilecat -s db1.example.org:7645 < requests.txt\n"
         "  smilecat --hex ping\n"
         "  smilecat --listen 7646 -s 127.0.0.1:7645\n"
         "\n"
         "Exit status (of several failures, the most severe):\n" +
         ExitStatusTable();
}

}  // namespace smile::cat
