/*
 * The benchmark's client: holds many subscribers of one server, publishes, and says what arrived, how late, and what
 * it cost the server. One thread, one epoll, 127.0.0.1 only. `make` builds it; `run.mjs` uses it.
 *
 *   load KEY=VALUE…            KEY from `options` below; prints one JSON object
 *
 * A message is {"m":"NUMBER:NANOSECONDS","pad":"…"}: wherever such a marker stands in what a subscriber receives, a
 * message has arrived, whatever is around it. Latency is from before the publishing request was written to after the
 * read that completed the message, by one clock. The server's CPU time is the CPU clock of its processes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PIDS = 64, ROOM = 400 << 10, REQUEST = 2048 };

/* What the command line may set. */
static struct {
  const char *dialect, *transport, *path, *publish, *pids, *name;
  int port, subs, channels, messages, warmup, inflight, lag, size, stalled, hold, settle, idle, resume, interval, seconds;
  double rate;
} o = {.dialect = "switchboard", .transport = "ws", .path = "/", .publish = "/", .pids = "", .name = "",
       .subs = 1, .channels = 1, .inflight = 1, .size = 128, .interval = 250, .seconds = 100};

static const struct { const char *key; const char **text; int *number; double *real; } options[] = {
    {"dialect", &o.dialect, 0, 0}, {"transport", &o.transport, 0, 0}, {"path", &o.path, 0, 0},
    {"publish", &o.publish, 0, 0}, {"pids", &o.pids, 0, 0}, {"name", &o.name, 0, 0}, {"port", 0, &o.port, 0},
    {"subs", 0, &o.subs, 0}, {"channels", 0, &o.channels, 0}, {"messages", 0, &o.messages, 0},
    {"warmup", 0, &o.warmup, 0}, {"inflight", 0, &o.inflight, 0}, {"lag", 0, &o.lag, 0}, {"size", 0, &o.size, 0},
    {"stalled", 0, &o.stalled, 0}, {"hold", 0, &o.hold, 0}, {"settle", 0, &o.settle, 0}, {"idle", 0, &o.idle, 0}, {"resume", 0, &o.resume, 0},
    {"interval", 0, &o.interval, 0}, {"seconds", 0, &o.seconds, 0}, {"rate", 0, 0, &o.rate},
};

enum kind { WS, SSE, LONG_POLL, POLL, PUBLISHER };

struct client {
  enum kind kind;
  int fd, number, channel;
  int is_ready, is_waiting, closes, asked, step;
  char cursor[160], cursor2[160], session[80], cookie[200];
  char *in;
  size_t length;
  /* inside a response or a stream: */
  int in_body, chunked, status;
  long body_left;
  char *text; /* de-chunked or unframed bytes not yet searched */
  size_t text_length;
  uint64_t due;
};

static struct client *subs, *publishers;
static int epoll, ready, next_sub, pending;
static int published, acknowledged, first_measured, total, errors, disconnects;
static uint64_t received, expected, duplicates, bytes_in, bytes_out, delivered_all, requests;
static unsigned char *seen;
static uint64_t histogram[4096];
static int is_measuring, may_publish;
static pid_t pids[MAX_PIDS];
static int pid_count;

static void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "load %s: ", o.name);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  exit(2);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static double server_cpu(void) {
  double sum = 0;
  for (int i = 0; i < pid_count; i++) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pids[i], &clock) == 0 && clock_gettime(clock, &t) == 0) sum += t.tv_sec + t.tv_nsec / 1e9;
  }
  return sum;
}

static double own_cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/* Latencies in microseconds, 32 steps to each doubling: 3 % wide. */
static int bucket(uint64_t us) {
  if (us < 64) return us;
  int high = 63 - __builtin_clzll(us);
  return 64 + (high - 6) * 32 + ((us >> (high - 5)) & 31);
}

static double bucket_us(int i) {
  if (i < 64) return i;
  int high = 6 + (i - 64) / 32;
  return ((uint64_t)(32 + (i - 64) % 32) << (high - 5)) * 1.0;
}

static double percentile(double share) {
  uint64_t count = 0, at = 0;
  for (int i = 0; i < 4096; i++) count += histogram[i];
  for (int i = 0; i < 4096; i++)
    if ((at += histogram[i]) >= count * share && at > 0) return bucket_us(i);
  return 0;
}

/* ---- connections ---- */

static void watch(struct client *c) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll: %s", strerror(errno));
}

static void open_socket(struct client *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(o.port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("port %d: %s", o.port, strerror(errno));
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  c->length = c->text_length = 0;
  c->in_body = c->closes = 0;
  if (!c->in) {
    c->in = malloc(ROOM);
    c->text = malloc(ROOM);
  }
  watch(c);
}

static void close_socket(struct client *c) {
  close(c->fd);
  c->fd = -1;
}

static void out(struct client *c, const char *bytes, size_t length) {
  if (c->fd < 0) open_socket(c);
  if (write(c->fd, bytes, length) != (ssize_t)length) {
    close_socket(c);
    open_socket(c);
    if (write(c->fd, bytes, length) != (ssize_t)length) die("a request did not fit into the socket");
  }
  if (c->kind != PUBLISHER) bytes_out += length;
}

static void say(struct client *c, const char *format, ...) {
  char request[REQUEST];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(request, sizeof request, format, list);
  va_end(list);
  out(c, request, length);
}

/* A masked text frame; the key is zero, so the payload stands as it is. */
static void say_frame(struct client *c, int opcode, const char *text, size_t length) {
  char frame[REQUEST];
  size_t at = 0;
  frame[at++] = 0x80 | opcode;
  if (length < 126) {
    frame[at++] = 0x80 | length;
  } else {
    frame[at++] = 0x80 | 126;
    frame[at++] = length >> 8;
    frame[at++] = length;
  }
  memset(frame + at, 0, 4);
  at += 4;
  memcpy(frame + at, text, length);
  out(c, frame, at + length);
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* `{ch}` in a path becomes the channel's number. */
static const char *with_channel(const char *path, int channel) {
  static char text[512];
  const char *mark = strstr(path, "{ch}");
  if (!mark) return path;
  snprintf(text, sizeof text, "%.*s%d%s", (int)(mark - path), path, channel, mark + 4);
  return text;
}

static void get(struct client *c, const char *query, const char *headers) {
  requests += is_measuring;
  c->asked = 1;
  say(c, "GET %s%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", with_channel(o.path, c->channel), query, headers);
}

static void post(struct client *c, const char *body) {
  requests += is_measuring;
  c->asked = 1;
  say(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
      with_channel(o.path, c->channel), *c->cookie ? "Cookie: " : "", c->cookie, *c->cookie ? "\r\n" : "",
      strlen(body), body);
}

static void become_ready(struct client *c) {
  if (c->is_ready) return;
  c->is_ready = 1;
  ready++;
  pending--;
}

/* ---- what each server wants to hear ---- */

static void bayeux(struct client *c, const char *body) {
  if (c->kind == WS)
    say_frame(c, 1, body, strlen(body));
  else
    post(c, body);
}

static void bayeux_connect(struct client *c) {
  char body[512];
  snprintf(body, sizeof body, "[{\"channel\":\"/meta/connect\",\"clientId\":\"%s\",\"connectionType\":\"%s\"}]", c->session,
           c->kind == WS ? "websocket" : "long-polling");
  bayeux(c, body);
}

static void bayeux_answer(struct client *c, const char *text) {
  char body[512];
  const char *id = strstr(text, "\"clientId\":\"");
  if (c->step == 0 && id) {
    sscanf(id + 12, "%79[^\"]", c->session);
    c->step = 1;
    snprintf(body, sizeof body, "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"%s\",\"subscription\":\"/b/%d\"}]",
             c->session, c->channel);
    bayeux(c, body);
  } else if (c->step == 1 && strstr(text, "/meta/subscribe")) {
    c->step = 2;
    bayeux_connect(c);
    become_ready(c);
  } else if (c->step == 2 && (c->kind != WS || strstr(text, "/meta/connect"))) {
    bayeux_connect(c);
  }
}

static void ask(struct client *c) {
  char query[512] = "", headers[512] = "";
  if (is(o.dialect, "cometd")) {
    bayeux_connect(c);
    return;
  }
  if (is(o.dialect, "nchan")) {
    if (*c->cursor)
      snprintf(headers, sizeof headers, "If-None-Match: %s\r\nIf-Modified-Since: %s\r\n", c->cursor2, c->cursor);
  } else {
    snprintf(query, sizeof query, "?offset=%s%s", *c->cursor ? c->cursor : "now",
             c->kind == LONG_POLL && *c->cursor ? "&live=long-poll" : "");
  }
  get(c, query, headers);
}

static void begin(struct client *c) {
  static const char *upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  char query[256] = "", headers[512] = "";
  open_socket(c);
  c->step = 0;
  if (is(o.dialect, "cometd")) {
    if (c->kind == WS)
      get(c, "", upgrade);
    else
      post(c, "[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\",\"supportedConnectionTypes\":[\"long-polling\"]}]");
    return;
  }
  if (is(o.dialect, "switchboard") && (c->kind == WS || c->kind == SSE))
    snprintf(query, sizeof query, "?offset=%s%s", *c->cursor ? c->cursor : "now", c->kind == SSE ? "&live=sse" : "");
  if (c->kind == WS) {
    snprintf(headers, sizeof headers, "%s%s", upgrade,
             is(o.dialect, "switchboard") ? "Sec-WebSocket-Protocol: switchboard.v1\r\n" : "");
    get(c, query, headers);
  } else if (c->kind == SSE) {
    if (is(o.dialect, "nchan") && *c->cursor) snprintf(headers, sizeof headers, "Last-Event-ID: %s\r\n", c->cursor);
    strcat(headers, "Accept: text/event-stream\r\n");
    get(c, query, headers);
  } else {
    ask(c);
    if (is(o.dialect, "nchan") || *c->cursor) become_ready(c);
  }
}

static void frame(struct client *c, const char *text) {
  if (is(o.dialect, "socketio")) {
    if (text[0] == '0') say_frame(c, 1, "40", 2);
    if (text[0] == '4' && text[1] == '0') become_ready(c);
    if (text[0] == '2') say_frame(c, 1, "3", 1);
  } else if (is(o.dialect, "cometd")) {
    bayeux_answer(c, text);
  } else if (is(o.dialect, "switchboard")) {
    const char *next = strstr(text, "\"next\":\"");
    if (next) {
      sscanf(next + 8, "%159[^\"]", c->cursor);
      become_ready(c);
    }
  }
}

/* ---- what comes in ---- */

static void arrived(struct client *c, long number, uint64_t sent) {
  delivered_all++;
  if (number < first_measured || number >= total || number % o.channels != c->channel) return;
  size_t bit = (size_t)c->number * (total - first_measured) + (number - first_measured);
  if (seen[bit / 8] & 1 << bit % 8) {
    duplicates++;
    return;
  }
  seen[bit / 8] |= 1 << bit % 8;
  received++;
  histogram[bucket((now() - sent) / 1000)]++;
}

/* Counts the markers in what is there and keeps what may be the beginning of one. */
static void search(struct client *c) {
  char *at = c->text, *end = c->text + c->text_length, *mark;
  while ((mark = memmem(at, end - at, "\"m\":\"", 5)) || (mark = memmem(at, end - at, "\"m\\\":\\\"", 7))) {
    char *digits = mark + (mark[2] == '"' ? 5 : 7);
    char *stop = digits;
    while (stop < end && *stop != '"' && *stop != '\\') stop++;
    if (stop == end) break;
    char *colon;
    long number = strtol(digits, &colon, 10);
    arrived(c, number, strtoull(colon + 1, 0, 10));
    at = stop;
  }
  size_t keep = end - at < 64 ? end - at : 64;
  memmove(c->text, end - keep, keep);
  c->text_length = keep;
}

static void take(struct client *c, const char *bytes, size_t length) {
  if (c->text_length + length >= ROOM) die("%zu bytes in one piece", length);
  memcpy(c->text + c->text_length, bytes, length);
  c->text_length += length;
  c->text[c->text_length] = 0;
}

static void eat(struct client *c, size_t length) {
  memmove(c->in, c->in + length, c->length - length);
  c->length -= length;
}

static void read_frames(struct client *c) {
  size_t at = 0;
  while (c->length - at >= 2) {
    unsigned char *f = (unsigned char *)c->in + at;
    size_t header = 2, length = f[1] & 127;
    if (length == 126) {
      header = 4;
      if (c->length - at < header) break;
      length = f[2] << 8 | f[3];
    } else if (length == 127) {
      header = 10;
      if (c->length - at < header) break;
      length = 0;
      for (int i = 2; i < 10; i++) length = length << 8 | f[i];
    }
    if (c->length - at < header + length) break;
    if ((f[0] & 15) == 9) {
      say_frame(c, 10, (char *)f + header, length);
    } else if ((f[0] & 15) < 3) {
      c->text_length = 0;
      take(c, (char *)f + header, length);
      frame(c, c->text);
      search(c);
    }
    at += header + length;
  }
  eat(c, at);
}

static void header(const char *head, const char *name, char *value, size_t room) {
  const char *line = strcasestr(head, name);
  if (!line) return;
  line += strlen(name);
  size_t length = strcspn(line, "\r\n");
  snprintf(value, room, "%.*s", (int)length, line);
}

static int read_head(struct client *c) {
  c->in[c->length] = 0;
  char *end = strstr(c->in, "\r\n\r\n");
  if (!end) return 0;
  *end = 0;
  c->status = atoi(c->in + 9);
  char text[32] = "";
  header(c->in, "\r\nContent-Length: ", text, sizeof text);
  c->chunked = strcasestr(c->in, "\r\nTransfer-Encoding: chunked") != 0;
  c->body_left = *text ? atol(text) : c->status == 204 || c->status == 304 || c->status == 101 ? 0 : c->kind == SSE ? 1L << 60 : 0;
  if (c->chunked) c->body_left = -1;
  c->closes = strcasestr(c->in, "\r\nConnection: close") != 0;
  header(c->in, "\r\nStream-Next-Offset: ", c->cursor, sizeof c->cursor);
  if (is(o.dialect, "nchan")) {
    header(c->in, "\r\nLast-Modified: ", c->cursor, sizeof c->cursor);
    header(c->in, "\r\nEtag: ", c->cursor2, sizeof c->cursor2);
  }
  header(c->in, "\r\nSet-Cookie: ", c->cookie, sizeof c->cookie);
  c->cookie[strcspn(c->cookie, ";")] = 0;
  if (c->status >= 400) errors++;
  eat(c, end + 4 - c->in);
  c->in_body = 1;
  return 1;
}

/* Takes body bytes; whether the body has ended. */
static int read_body(struct client *c) {
  for (;;) {
    if (c->chunked && c->body_left <= 0) {
      /* between chunks: a line with the size, after the line end of the chunk before */
      size_t skip = c->body_left == 0 ? 2 : 0;
      char *line = memchr(c->in + skip, '\n', c->length > skip ? c->length - skip : 0);
      if (!line) return 0;
      long size = strtol(c->in + skip, 0, 16);
      if (size == 0) {
        if (c->length < (size_t)(line - c->in) + 3) return 0;
        eat(c, line + 3 - c->in);
        return 1;
      }
      eat(c, line + 1 - c->in);
      c->body_left = size;
    }
    size_t length = c->length < (size_t)c->body_left ? c->length : (size_t)c->body_left;
    take(c, c->in, length);
    eat(c, length);
    c->body_left -= length;
    if (!c->chunked) return c->body_left == 0;
    if (c->length == 0 || c->body_left > 0) return 0;
  }
}

static void answered(struct client *c) {
  if (!c->is_ready && *c->cursor) become_ready(c);
  if (c->kind == POLL) {
    c->due = now() + o.interval * 1000000ull;
  } else {
    ask(c);
  }
}

static void response_ended(struct client *c) {
  c->in_body = 0;
  if (c->closes) close_socket(c);
  if (c->kind == PUBLISHER) {
    c->is_waiting = 0;
    c->text_length = 0;
    acknowledged++;
    if (c->fd < 0) open_socket(c);
    return;
  }
  if (is(o.dialect, "cometd")) bayeux_answer(c, c->text); /* before what was searched is let go */
  search(c);
  if (!is(o.dialect, "cometd") && c->kind != SSE) answered(c);
  c->text_length = 0;
}

static void read_http(struct client *c) {
  for (;;) {
    if (!c->in_body) {
      if (!read_head(c)) return;
      if (c->status == 101) {
        c->step = 0;
        if (is(o.dialect, "nchan")) become_ready(c);
        if (is(o.dialect, "cometd"))
          bayeux(c, "[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\",\"supportedConnectionTypes\":[\"websocket\"]}]");
        c->in_body = 2; /* frames from here on */
        read_frames(c);
        return;
      }
      if (c->kind == SSE) {
        if (c->status != 200) die("an event stream was answered %d", c->status);
        become_ready(c);
      }
    }
    int ended = c->body_left == 0 && !c->chunked ? 1 : read_body(c);
    if (c->kind == SSE) {
      char *id = c->text;
      for (char *next = id; (next = strstr(next, "\nid: ")); next++) sscanf(next + 5, "%159[^\n]", c->cursor);
      search(c);
    }
    if (!ended) return;
    int was_closed = c->closes;
    response_ended(c);
    if (was_closed || c->length == 0) return;
  }
}

static void lost(struct client *c) {
  close_socket(c);
  if (c->kind == PUBLISHER) {
    if (c->is_waiting) die("a publishing request was not answered");
    open_socket(c);
  } else if (c->kind == LONG_POLL || c->kind == POLL) {
    open_socket(c);
    if (c->kind == LONG_POLL) ask(c);
  } else {
    disconnects++;
    if (!c->is_ready) die("subscriber %d: no connection, status %d", c->number, c->status);
  }
}

static void readable(struct client *c) {
  if (c->is_ready && c->number < o.stalled) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, 0); /* it never reads again */
    return;
  }
  for (;;) {
    ssize_t n = read(c->fd, c->in + c->length, ROOM - 1 - c->length);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      lost(c);
      return;
    }
    if (n < 0) return;
    if (c->kind != PUBLISHER) bytes_in += n;
    int was_full = c->length + n == ROOM - 1;
    c->length += n;
    if (c->in_body == 2)
      read_frames(c);
    else
      read_http(c);
    if (!was_full) return;
  }
}

/* ---- what happens in time ---- */

static void publish(struct client *c) {
  static char pad[70000];
  if (!*pad) memset(pad, 'x', sizeof pad - 1);
  char body[70000];
  int head = snprintf(body, sizeof body, "{\"m\":\"%d:%llu\",\"pad\":\"", published, (unsigned long long)now());
  int fill = o.size - head - 2 > 0 ? o.size - head - 2 : 0;
  snprintf(body + head, sizeof body - head, "%.*s\"}", fill, pad);
  c->is_waiting = 1;
  char request[72000];
  int length = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        with_channel(o.publish, published % o.channels), strlen(body), body);
  published++;
  out(c, request, length);
}

static void publish_what_is_due(uint64_t began, int first, int last) {
  static uint64_t before;
  if (published == first) before = delivered_all;
  double lag = published - first - (double)(delivered_all - before) * o.channels / (o.subs - o.stalled);
  for (int i = 0; i < o.inflight && may_publish && published < last; i++) {
    if (publishers[i].is_waiting || (o.lag && lag > o.lag)) continue;
    if (o.rate > 0 && now() < began + (uint64_t)((published - first) * 1e9 / o.rate)) return;
    publish(&publishers[i]);
    lag++;
  }
}

static void turn(int wait_millis) {
  static struct epoll_event events[512];
  int n = epoll_wait(epoll, events, 512, wait_millis);
  for (int i = 0; i < n; i++) {
    struct client *c = events[i].data.ptr;
    if (c->fd >= 0) readable(c);
  }
  if (subs[0].kind == POLL)
    for (int i = 0; i < o.subs; i++)
      if (subs[i].due && subs[i].due <= now()) {
        subs[i].due = 0;
        ask(&subs[i]);
      }
}

static void connect_all(void) {
  uint64_t last = now();
  ready = next_sub = pending = 0;
  for (int i = 0; i < o.subs; i++) subs[i].is_ready = 0;
  while (ready < o.subs) {
    int before = ready;
    while (next_sub < o.subs && pending < 64) {
      pending++;
      begin(&subs[next_sub++]);
    }
    turn(10);
    if (ready > before) last = now();
    if (now() - last > 20000000000ull) die("%d of %d subscribers are connected, and no more come", ready, o.subs);
  }
  uint64_t settle = now() + 300000000ull;
  while (now() < settle) turn(10);
}

static void send_until(int first, int last, uint64_t wanted, uint64_t *counter) {
  uint64_t began = now(), quiet = now(), before = *counter;
  may_publish = 1;
  int goal = acknowledged + (last - first);
  while (acknowledged < goal || *counter < wanted) {
    publish_what_is_due(began, first, last);
    turn(o.rate > 0 ? 1 : 5);
    if (*counter != before || published < last) quiet = now();
    before = *counter;
    if (now() - quiet > 5000000000ull || now() - began > o.seconds * 1000000000ull) break;
  }
}

static void parse(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    char *value = strchr(arguments[i], '=');
    size_t k = 0, n = sizeof options / sizeof *options;
    while (value && k < n && strncmp(options[k].key, arguments[i], value - arguments[i] + 0) != 0) k++;
    while (value && k < n && strlen(options[k].key) != (size_t)(value - arguments[i])) k++;
    if (!value || k == n) die("\"%s\": no such option", arguments[i]);
    if (options[k].text) *options[k].text = value + 1;
    if (options[k].number) *options[k].number = atoi(value + 1);
    if (options[k].real) *options[k].real = atof(value + 1);
  }
  for (const char *at = o.pids; *at && pid_count < MAX_PIDS;) {
    pids[pid_count++] = strtol(at, (char **)&at, 10);
    at += *at == ',';
  }
}

int main(int count, char **arguments) {
  parse(count, arguments);
  struct rlimit files = {20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
  epoll = epoll_create1(0);
  enum kind kind = is(o.transport, "ws") ? WS : is(o.transport, "sse") ? SSE : is(o.transport, "poll") ? POLL : LONG_POLL;
  subs = calloc(o.subs, sizeof *subs);
  publishers = calloc(o.inflight, sizeof *publishers);
  for (int i = 0; i < o.subs; i++) subs[i] = (struct client){.kind = kind, .fd = -1, .number = i, .channel = i % o.channels};
  for (int i = 0; i < o.inflight; i++) {
    publishers[i] = (struct client){.kind = PUBLISHER, .fd = -1};
    open_socket(&publishers[i]);
  }
  first_measured = o.warmup;
  total = o.warmup + (o.resume ? o.resume : o.messages);
  seen = calloc((size_t)o.subs * (total - o.warmup) / 8 + 1, 1);
  if (o.hold) {
    printf("{\"event\":\"before\"}\n");
    fflush(stdout);
    getchar();
  }
  uint64_t began = now();
  connect_all();
  double connect_s = (now() - began) / 1e9;
  if (o.hold) {
    printf("{\"event\":\"connected\"}\n");
    fflush(stdout);
    while (getchar() != '\n') {}
  }
  double idle_percent = 0;
  for (uint64_t until = now() + o.settle * 1000000000ull; now() < until;) turn(50);
  if (o.idle) {
    double cpu = server_cpu();
    uint64_t start = now(), until = start + o.idle * 1000000000ull;
    while (now() < until) turn(50);
    idle_percent = (server_cpu() - cpu) / ((now() - start) / 1e9) * 100;
  }
  uint64_t each = (uint64_t)(o.subs - o.stalled) / o.channels;
  if (o.warmup) send_until(0, o.warmup, o.warmup * each, &delivered_all);
  double caught_up_s = 0;
  is_measuring = 1;
  bytes_in = bytes_out = requests = 0;
  double cpu = server_cpu(), own = own_cpu();
  uint64_t start = now();
  expected = (uint64_t)(total - o.warmup) * each;
  if (o.resume) {
    for (int i = 0; i < o.subs; i++) {
      if (subs[i].fd >= 0) close_socket(&subs[i]);
      subs[i].due = 0;
    }
    uint64_t until = now() + 1000000000ull;
    while (now() < until) turn(20);
    uint64_t none = 0;
    send_until(o.warmup, total, 0, &none);
    cpu = server_cpu();
    own = own_cpu();
    start = now();
    bytes_in = bytes_out = 0;
    next_sub = ready = pending = 0;
    for (int i = 0; i < o.subs; i++) subs[i].is_ready = 0;
    uint64_t quiet = now(), before = 0;
    while ((received < expected || next_sub < o.subs) && now() - quiet < 8000000000ull) {
      while (next_sub < o.subs && pending < 64) {
        pending++;
        begin(&subs[next_sub++]);
      }
      turn(5);
      if (received != before) quiet = now();
      before = received;
    }
    caught_up_s = (now() - start) / 1e9;
  } else if (o.messages) {
    send_until(o.warmup, total, expected, &received);
  }
  double span = (now() - start) / 1e9, used = server_cpu() - cpu;
  double got = received ? received : 1;
  printf("{\"name\":\"%s\",\"subs\":%d,\"connectS\":%.2f,\"expected\":%llu,\"received\":%llu,\"duplicates\":%llu,"
         "\"errors\":%d,\"disconnects\":%d,\"perSecond\":%.0f,\"cpuUs\":%.3f,\"cpuPerPublishUs\":%.1f,\"cpuS\":%.3f,"
         "\"spanS\":%.3f,\"clientUs\":%.3f,\"bytesIn\":%.1f,\"bytesOut\":%.1f,\"p50Ms\":%.2f,\"p90Ms\":%.2f,\"p99Ms\":%.2f,"
         "\"idlePercent\":%.2f,\"caughtUpS\":%.2f,\"requests\":%.2f}\n",
         o.name, o.subs, connect_s, (unsigned long long)expected, (unsigned long long)received,
         (unsigned long long)duplicates, errors, disconnects, received / span, used / got * 1e6,
         used / (total > o.warmup ? total - o.warmup : 1) * 1e6, used, span, (own_cpu() - own) / got * 1e6,
         bytes_in / got, bytes_out / got, percentile(.5) / 1000, percentile(.9) / 1000, percentile(.99) / 1000,
         idle_percent, caught_up_s, requests / got);
  return received == expected && duplicates == 0 ? 0 : 1;
}
