/* Many listeners in one process: connects, asks, and counts what arrives. Each message bears one '~' and, behind it,
   the microsecond of the monotonic clock at which it was sent off, in sixteen digits.

   listen PORT COUNT REQUEST_FILE READY_TEXT [STALLED]
   The last STALLED of the listeners read nothing once they are ready.

   Commands on standard input, one a line: `reset`; `wait N` (answers when N messages have come since the reset, all
   listeners together); `leave N` and `come N` (close the first N, connect them again with the same request). */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS 4000000
#define STAMP 16
enum { CONNECTING, ASKED, READY };

struct listener { int fd; char state, stalled; unsigned char digits; short seen; long long sent; char tail[64]; int tail_length; };

static struct listener *all;
static int count, ready, port, epoll, stalled;
static char *request, *ready_text;
static int request_length, ready_length, is_framed;
static long long arrived, target = -1, bytes, ready_target = -1, lost;
static unsigned *latencies; /* tenths of milliseconds */

static long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }

static double cpu(void) {
    struct rusage used; getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double share(double part) {
    long long sum = 0, wanted; unsigned i;
    for (i = 0, wanted = 0; i < BUCKETS; i++) wanted += latencies[i];
    wanted = (long long)(wanted * part);
    for (i = 0; i < BUCKETS; i++) if ((sum += latencies[i]) > wanted) break;
    return i / 10.0;
}

static void answer(void) {
    printf("{\"arrived\": %lld, \"ready\": %d, \"bytes\": %lld, \"cpu\": %f, \"p50\": %.1f, \"p99\": %.1f, \"lost\": %lld}\n",
           arrived, ready, bytes, cpu(), share(0.5), share(0.99), lost);
    fflush(stdout);
}

static void start(struct listener *one) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct epoll_event event = { .events = EPOLLOUT, .data.ptr = one };
    int yes = 1, small = 4096, stall = one->stalled;
    memset(one, 0, sizeof *one);
    one->stalled = stall;
    /* Many addresses, for there are only so many ports. */
    to.sin_addr.s_addr = htonl(0x7f000001);
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->fd < 0) { perror("socket"); exit(1); }
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (stall) setsockopt(one->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(one->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) { perror("connect"); exit(1); }
    epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &event);
}

static void hang_up(struct listener *one) {
    if (one->fd < 0) return;
    close(one->fd); one->fd = -1;
    if (one->state == READY) ready--;
    one->state = CONNECTING;
}

static void digest(struct listener *one, char *data, int length) {
    char *at = data, *end = data + length;
    bytes += length;
    while (at < end) {
        if (one->digits == STAMP && *at != '0') one->digits = 0; /* the length in the head of a WebSocket frame */
        else if (one->digits) {
            arrived += one->digits == STAMP;
            one->sent = one->sent * 10 + (*at++ - '0');
            if (!--one->digits) {
                long long took = (now() - one->sent) / 100;
                latencies[took < 0 ? 0 : took >= BUCKETS ? BUCKETS - 1 : took]++;
            }
        } else {
            at = memchr(at, '~', end - at);
            if (!at) return;
            at++;
            one->digits = STAMP; one->sent = 0;
        }
    }
}

/* Messages here are ASCII, so that little else has the first byte of a frame; 4.6 GB are not searched for a text. */
static char *find_ready(char *data, int length) {
    char *end = data + length;
    if (!is_framed) return memmem(data, length, ready_text, ready_length);
    for (; data < end && (data = memchr(data, 0x81, end - data)); data++) {
        int rest = end - data < 48 ? end - data : 48;
        if (memmem(data, rest, ready_text, ready_length)) return data;
    }
    return NULL;
}

static void look_for_ready(struct listener *one, char *data, int length) {
    static char both[200];
    int begin = length < 64 ? length : 64;
    memcpy(both, one->tail, one->tail_length);
    memcpy(both + one->tail_length, data, begin);
    if (find_ready(both, one->tail_length + begin) || find_ready(data, length)) {
        one->state = READY; ready++;
        if (one->stalled) { epoll_ctl(epoll, EPOLL_CTL_DEL, one->fd, NULL); }
        return;
    }
    if (length < 64) { data = both; length = one->tail_length + begin; }
    one->tail_length = length < 63 ? length : 63;
    memmove(one->tail, data + length - one->tail_length, one->tail_length);
}

/* Pings of the hub have four bytes; texts here are ASCII, so that nothing else looks like one. */
static void answer_pings(struct listener *one, char *data, int length) {
    char *end = data + length;
    for (; end - data >= 6 && (data = memchr(data, 0x89, end - data)) && end - data >= 6; data++) {
        if (data[1] != 4) continue;
        char pong[10] = { '\x8a', '\x84', 0, 0, 0, 0, data[2], data[3], data[4], data[5] };
        if (write(one->fd, pong, sizeof pong) < 0) return;
        data += 5;
    }
}

static void serve(struct listener *one, unsigned events) {
    static char data[65536];
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = one };
    if (one->fd < 0) return;
    if (one->state == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        if (write(one->fd, request, request_length) != request_length) { hang_up(one); start(one); return; }
        one->state = ASKED;
        epoll_ctl(epoll, EPOLL_CTL_MOD, one->fd, &event);
        return;
    }
    int length = read(one->fd, data, sizeof data);
    if (length > 0) {
        digest(one, data, length);
        answer_pings(one, data, length);
        if (one->state == ASKED) look_for_ready(one, data, length);
    } else if (length == 0 || errno != EAGAIN) { lost++; hang_up(one); }
}

static void obey(void) {
    static char line[4096]; static int filled;
    int length = read(0, line + filled, sizeof line - filled - 1), i;
    if (length <= 0) exit(0);
    filled += length; line[filled] = 0;
    char *end;
    while ((end = strchr(line, '\n'))) {
        long long number = 0; char word[32] = "";
        *end = 0;
        sscanf(line, "%31s %lld", word, &number);
        if (!strcmp(word, "reset")) { arrived = bytes = 0; memset(latencies, 0, BUCKETS * sizeof *latencies); answer(); }
        if (!strcmp(word, "wait")) target = number;
        if (!strcmp(word, "leave")) { for (i = 0; i < number; i++) hang_up(all + i); answer(); }
        if (!strcmp(word, "come")) { for (i = 0; i < number; i++) start(all + i); ready_target = count; }
        memmove(line, end + 1, filled - (end + 1 - line) + 1);
        filled -= end + 1 - line;
    }
}

int main(int argc, char **argv) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files); files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files);
    port = atoi(argv[1]); count = atoi(argv[2]);
    ready_text = argv[4]; ready_length = strlen(ready_text);
    stalled = argc > 5 ? atoi(argv[5]) : 0;
    FILE *file = fopen(argv[3], "rb");
    request = malloc(65536); request_length = fread(request, 1, 65536, file); fclose(file);
    is_framed = memmem(request, request_length, "websocket", 9) != NULL;
    all = calloc(count, sizeof *all); latencies = calloc(BUCKETS, sizeof *latencies);
    epoll = epoll_create1(0);
    struct epoll_event input = { .events = EPOLLIN, .data.ptr = NULL }, found[512];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    int begun = 0;
    ready_target = count;
    for (;;) {
        /* As many at once as the backlog of a server takes. */
        while (begun < count && begun - ready < 500) { all[begun].fd = -1; all[begun].stalled = begun >= count - stalled; start(all + begun++); }
        int many = epoll_wait(epoll, found, 512, -1), i;
        for (i = 0; i < many; i++)
            if (found[i].data.ptr) serve(found[i].data.ptr, found[i].events); else obey();
        if (ready_target >= 0 && ready >= ready_target) { ready_target = -1; answer(); }
        if (target >= 0 && arrived >= target) { target = -1; answer(); }
    }
}
