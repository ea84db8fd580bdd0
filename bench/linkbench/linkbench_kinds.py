"""The servers that LinkBench compares, each with the same memory and on one core."""

import servers

MEMTABLE_MIB = 128  # Smile's, which is not an option

# The data of a new directory are made first. Both engines are in one program.
MARIADB_START = """#!/bin/sh
set -e
if [ ! -d %(directory)s/data/mysql ]; then
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir=%(directory)s/data \\
    --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \\
    >%(directory)s/install.log 2>&1
fi
exec mariadbd --no-defaults --user="$(id -un)" --datadir=%(directory)s/data \\
  --socket=%(directory)s/socket --pid-file=%(directory)s/pid --bind-address=127.0.0.1 \\
  --port=%(port)s --skip-name-resolve --max-connections=1100 --skip-log-bin {options}
"""
# Its own buffer pool is kept small where the other engine is measured.
INNODB_OPTIONS = ("--innodb-buffer-pool-size={memory}M --innodb-log-file-size=1G "
                  "--innodb-flush-log-at-trx-commit=1 --innodb-flush-method=O_DIRECT")
ROCKSDB_TABLES = ("level_compaction_dynamic_level_bytes=true;"
                  "compression_per_level=kNoCompression:kNoCompression:kLZ4Compression;"
                  "block_based_table_factory={{filter_policy=bloomfilter:10:false;"
                  "whole_key_filtering=1;cache_index_and_filter_blocks=1}}")
MYROCKS_OPTIONS = ("--plugin-load-add=ha_rocksdb --plugin-maturity=unknown "
                   "--innodb-buffer-pool-size=32M --rocksdb-flush-log-at-trx-commit=1 "
                   "--rocksdb-block-cache-size={cache}M --rocksdb-db-write-buffer-size={memtable}M "
                   "--rocksdb-deadlock-detect=1 --rocksdb-default-cf-options='"
                   + ROCKSDB_TABLES + "'")


def mariadb(name, title, options):
    script = MARIADB_START.replace("{options}", options)
    return servers.Kind(name, title, "mysql", "the log is fsynced at every commit",
                        "ready for connections", ("sh", "{directory}/start.sh"),
                        ("mariadbd", "--version"), "start.sh", script)


def kinds_with(memory):
    """By name. `memory`: MiB of caches and memtables together."""
    cache = memory - MEMTABLE_MIB
    record_cache = cache // 3
    options = {"memory": memory, "cache": cache, "memtable": MEMTABLE_MIB}
    return {kind.name: kind for kind in [
        servers.smile_with("smile", "Smile", "--record-cache-mib", str(record_cache),
                           "--block-cache-mib", str(cache - record_cache)),
        mariadb("innodb", "MariaDB, InnoDB", INNODB_OPTIONS.format(**options)),
        mariadb("myrocks", "MariaDB, MyRocks", MYROCKS_OPTIONS.format(**options)),
    ]}


SMILE_LOGINS = servers.smile_with("smile-logins", "Smile, one thread for passwords", "--hash-threads",
                                  "1")
ARGON2 = servers.Kind("libargon2", "libargon2, one thread of smilebench", "", "nothing is written")
NAMES = ("smile", "innodb", "myrocks")
