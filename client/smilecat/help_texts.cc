#include "client/smilecat/help_texts.h"

#include <fmt/format.h>

#include "client/smilecat/exit_status.h"
#include "client/smilecat/requests.h"
#include "protocol/text_reader.h"

namespace smile::cat {

std::string RootFooter() {
  std::string requests;
  Requests::ForEach([&]<class Row>() {
    requests += fmt::format("  {}\n      {}\n", UsageOf<Row>().line, Row::kInfo.summary);
  });
  return "Requests (smilecat OPERATION --help says more):\n" + requests +
         "\n"
         "A record is named by its path: users/42/profile, logins/ada@example.org, posts/42/7,\n"
         "links/42/friend/7, media/42/9, blobs/<32 digits>/chunk/0. In names / is written %2F and\n"
         "% is written %25. A VALUE is taken as it stands, from a file as @FILE, or from standard\n"
         "input as -. After a -- nothing is an option, @FILE or -.\n"
         "\n"
         "A value that is got is printed readably on a terminal; in a pipe it is its bytes alone.\n"
         "On standard input, empty lines and those that begin with # are skipped; words with "
         "spaces\n"
         "stand in 'single' or \"double\" quotes; each line has one line of answer, in their "
         "order.\n"
         "\n"
         "  smilecat put users/42/profile 'Ada Lovelace'\n"
         "  smilecat get users/42/profile | wc -c\n"
         "  smilecat put media/42/7 @photo.jpg --if-absent --expire-seconds 3600\n"
         "  smilecat scan posts/42 --limit 20 --json\n"
         "  smilecat -s db1.example.org:7645 < requests.txt\n"
         "  smilecat --hex ping\n"
         "  smilecat --listen 7646 -s 127.0.0.1:7645\n"
         "\n"
         "Exit status (of several failures, the worst):\n" +
         ExitStatusTable();
}

}  // namespace smile::cat
