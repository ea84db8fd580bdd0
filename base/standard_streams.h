// Descriptors 0, 1 and 2.
#pragma once

namespace smile {

// Opens /dev/null on those of descriptors 0, 1 and 2 that are closed. First thing in every main: a
// file that is opened later would get such a number, and what is printed would be written into it.
// Ends the process with status 1 if /dev/null cannot be opened.
void OpenStandardStreams();

}  // namespace smile
