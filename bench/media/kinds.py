"""The servers that media are compared with."""

import servers

NGINX_CONF = """
daemon off;
master_process off;
error_log stderr notice;
pid %(directory)s/pid;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_max_body_size 2m;
  client_body_temp_path %(directory)s/new;
  fastcgi_temp_path %(directory)s/unused;
  proxy_temp_path %(directory)s/unused;
  scgi_temp_path %(directory)s/unused;
  uwsgi_temp_path %(directory)s/unused;
  server {
    listen 127.0.0.1:%(port)s backlog=1024;
    root %(directory)s/photos;
    location / {
      dav_methods PUT;
      create_full_put_path on;
    }
  }
}
"""

NGINX = servers.Kind("nginx", "nginx, WebDAV PUT and static files", "http",
                     "not durable: written to the page cache", "OS: Linux",
                     ("nginx", "-c", "{directory}/nginx.conf", "-p", "{directory}"),
                     ("sh", "-c", "nginx -v 2>&1"), "nginx.conf", NGINX_CONF)
FILES = servers.Kind("files", "a plain program: one file per photo", "files",
                     "every file is fsynced before it is renamed; the directory is not")

# Streams have all cores of the machine.
SMILE_STREAMS = servers.Kind(
    "smile-streams", "Smile, all cores", "smile", servers.FSYNCED,
    r"listens on 127\.0\.0\.1:([0-9]+)",
    ("{binaries}/smiled", "--listen", "127.0.0.1:0", "--data", "{directory}/data"),
    ("{binaries}/smiled", "--version"), pinned=False)
PLAIN_PROGRAM = servers.Kind("plain-program", "a plain program: read, SHA-256, write, fsync",
                             "files", "fsynced at the end")
PLAIN_SERVER = servers.Kind(
    "plain-server", "a plain libuv server that sends the cached file", "tcp",
    "nothing is written", r"serves files on 127\.0\.0\.1:([0-9]+)",
    ("{binaries}/smilebench", "serve", "--directory", "{directory}"), pinned=False)
STREAM_KINDS = (SMILE_STREAMS, PLAIN_PROGRAM, PLAIN_SERVER)

KINDS = {kind.name: kind for kind in
         (servers.KINDS["smile"], NGINX, servers.KINDS["redis-aof"], FILES)}
