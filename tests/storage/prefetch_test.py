#!/usr/bin/python3
"""Whether the compiler has kept the prefetches of the record cache: prefetch_test.py SMILED.

A prefetch has no effect that a test could see, and a measured time is not for a test. So this looks at
the instructions: the bucket and the slot of each key are prefetched, and the entry that the bucket
points to, in the same function or in one that it calls.
"""

import platform
import re
import subprocess
import sys

FUNCTION = "smile::RecordCache::Prefetch(std::span<smile::CacheKey const, 18446744073709551615ul>)"
OF_ENTRY = "smile::CacheShard::PrefetchEntry(smile::CacheKey const&) const"
SKIPPED = 77


def instructions(binary, function):
    done = subprocess.run(["objdump", "-dC", "--no-show-raw-insn", f"--disassemble={function}", binary],
                          capture_output=True, text=True, check=True)
    found = re.findall(r"^\s+[0-9a-f]+:\s+(.*)$", done.stdout, re.MULTILINE)
    assert found, f"{function} is not in {binary}"
    return found


def main():
    if platform.machine() != "x86_64":
        sys.exit(SKIPPED)
    binary = sys.argv[1]
    own = instructions(binary, FUNCTION)
    prefetches = [each for each in own if each.startswith("prefetch")]
    if any("call" in each and OF_ENTRY in each for each in own):
        prefetches += [each for each in instructions(binary, OF_ENTRY) if each.startswith("prefetch")]
    assert len(prefetches) >= 3, f"{FUNCTION} only prefetches {prefetches}"


if __name__ == "__main__":
    main()
