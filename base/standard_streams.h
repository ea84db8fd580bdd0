// Standard input, output and error.
#pragma once

namespace smile {

// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed. Call it first in main:
// otherwise a file that is opened later gets such a number, and output is written into that file.
// Exits with status 1 if /dev/null cannot be opened.
void OpenStandardStreams();

}  // namespace smile
