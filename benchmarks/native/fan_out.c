/* The limit: a loop of send() over all listeners. `fan_out` prints its address; what is asked of it is answered with
   READY at once. On standard input: `frame FILE` (what to send; sixteen digits behind its '~' become the time),
   `send N` (N rounds, each as one write a listener), `behind FILE` (whoever asks from now on gets these bytes instead of
   READY, as fast as he takes them). */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int all[20000], count, epoll, listener;
static char frame[1 << 20];
static int length;
static char *behind;
static int behind_length, given[65536];

static long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000LL + t.tv_nsec / 1000; }

static void stamp(void) {
    char digits[17], *at = frame, *end = frame + length;
    snprintf(digits, sizeof digits, "%016lld", now());
    while ((at = memchr(at, '~', end - at))) { memcpy(at + 1, digits, 16); at += 17; }
}

static void send_all(long long rounds) {
    while (rounds-- > 0) {
        stamp();
        for (int i = 0; i < count; i++)
            if (all[i] >= 0 && send(all[i], frame, length, MSG_NOSIGNAL) < 0 && errno != EAGAIN) { close(all[i]); all[i] = -1; }
    }
}

static void load_behind(const char *path) {
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END); behind_length = ftell(file); rewind(file);
    behind = realloc(behind, behind_length);
    behind_length = fread(behind, 1, behind_length, file); fclose(file);
}

/* Only who has not taken all is asked about again. */
static void catch_up(int fd) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    int sent = 0;
    while (given[fd] < behind_length && (sent = send(fd, behind + given[fd], behind_length - given[fd], MSG_NOSIGNAL)) > 0) given[fd] += sent;
    if (given[fd] < behind_length && sent < 0 && errno == EAGAIN) event.events |= EPOLLOUT;
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static void obey(void) {
    static char line[4096]; static int filled;
    int got = read(0, line + filled, sizeof line - filled - 1);
    if (got <= 0) exit(0);
    filled += got; line[filled] = 0;
    char *end;
    while ((end = strchr(line, '\n'))) {
        char word[32] = "", rest[2048] = "";
        *end = 0;
        sscanf(line, "%31s %2047s", word, rest);
        if (!strcmp(word, "frame")) { FILE *file = fopen(rest, "rb"); length = fread(frame, 1, sizeof frame, file); fclose(file); }
        if (!strcmp(word, "behind")) load_behind(rest);
        if (!strcmp(word, "send")) send_all(atoll(rest));
        printf("{}\n"); fflush(stdout);
        memmove(line, end + 1, filled - (end + 1 - line) + 1);
        filled -= end + 1 - line;
    }
}

int main(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files); files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
    socklen_t size = sizeof at; int buffer = 32768, yes = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    bind(listener, (struct sockaddr *)&at, sizeof at); listen(listener, 2048);
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("{\"address\": \"http://127.0.0.1:%d\"}\n", ntohs(at.sin_port)); fflush(stdout);
    epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = 0 }, found[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
    event.data.fd = listener; epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int many = epoll_wait(epoll, found, 256, -1);
        for (int i = 0; i < many; i++) {
            int fd = found[i].data.fd; static char data[65536];
            if (fd == 0) obey();
            else if (fd == listener) {
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                    event.data.fd = fd; epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                    all[count++] = fd; given[fd] = 0;
                }
            } else if (!(found[i].events & EPOLLIN)) catch_up(fd);
            else {
                int got = read(fd, data, sizeof data);
                if (got > 0 && behind) catch_up(fd);
                else if (got > 0) { if (send(fd, "READY", 5, MSG_NOSIGNAL) < 0) continue; }
                else { epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); for (int j = 0; j < count; j++) if (all[j] == fd) { all[j] = -1; close(fd); } }
            }
        }
    }
}
