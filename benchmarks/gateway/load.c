/* A closed loop: each connection sends its next request as soon as the last one is answered, until the time is over.
 *
 * load PORT CONNECTIONS SECONDS FILE BODY
 *
 * FILE has raw requests, each ended by a NUL, which are sent in turn; where one says @@@@@@@@, sixteen digits stand instead that
 * were never used before. Prints one line of JSON: answers, the seconds in which they came, bytes of their bodies, and failures:
 * answers other than 200, or with a body of other than BODY bytes (0: of any length), connections that ended or broke HTTP/1.1,
 * and requests that have waited for two seconds at the end.
 *
 * One thread on epoll. What is left of a body of known length is taken from the kernel without being copied (MSG_TRUNC, tcp(7)):
 * the client shares a processor with the upstream, and what it takes is not there for those who are measured.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "@@@@@@@@"
#define DIGITS 16
#define PATIENCE 2.0
#define HEAD_MOST 16384

struct request { const char *before, *after; size_t before_size, after_size; };

enum state { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, SPENT };

struct connection {
    int socket;
    enum state state;
    size_t head_size, line_size;
    unsigned long long left, size;
    bool returned;
    double since;
    char head[HEAD_MOST];
};

static struct request *requests;
static size_t request_count, turn;
static unsigned long long serial, answers, bytes, failures, expected;
static double now;

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void stop(const char *why) {
    perror(why);
    exit(1);
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) stop(path);
    long size = ftell(file);
    rewind(file);
    char *all = malloc((size_t)size + 1);
    if (!all || fread(all, 1, (size_t)size, file) != (size_t)size) stop(path);
    fclose(file);
    all[size] = 0;
    for (char *at = all; at < all + size; at += strlen(at) + 1) {
        requests = realloc(requests, (request_count + 1) * sizeof *requests);
        if (!requests) stop("memory");
        char *mark = strstr(at, MARK);
        struct request *one = &requests[request_count++];
        one->before = at;
        one->before_size = mark ? (size_t)(mark - at) : strlen(at);
        one->after = mark ? mark + strlen(MARK) : NULL;
        one->after_size = mark ? strlen(one->after) : 0;
    }
    if (!request_count) {
        fprintf(stderr, "%s: no request\n", path);
        exit(1);
    }
}

static void fail(struct connection *c) {
    failures++;
    close(c->socket);
    c->state = SPENT;
}

static void ask(struct connection *c) {
    const struct request *one = &requests[turn++ % request_count];
    char text[HEAD_MOST];
    size_t size = one->before_size;
    if (size + DIGITS + one->after_size >= sizeof text) {
        fprintf(stderr, "a request is longer than %d bytes\n", HEAD_MOST);
        exit(1);
    }
    memcpy(text, one->before, size);
    if (one->after) {
        size += (size_t)sprintf(text + size, "%0*llu", DIGITS, ++serial);
        memcpy(text + size, one->after, one->after_size);
        size += one->after_size;
    }
    c->state = HEAD;
    c->head_size = 0;
    c->since = now;
    if (send(c->socket, text, size, MSG_NOSIGNAL) != (ssize_t)size) fail(c);
}

/* Count a whole answer and go on; false when it is not as long as it should be. */
static bool answered(struct connection *c) {
    if (expected && c->size != expected) return false;
    answers++;
    bytes += c->size;
    ask(c);
    return true;
}

/* How the body ends, by the head of an answer; false when it is none that is expected here. */
static bool framed(struct connection *c, char *head, char *end) {
    if (strncmp(head, "HTTP/1.1 200 ", 13)) return false;
    for (char *line = head; (line = memchr(line, '\n', (size_t)(end - line))) && ++line < end;) {
        bool chunked = !strncasecmp(line, "transfer-encoding: chunked\r", 27);
        if (!chunked && strncasecmp(line, "content-length: ", 16)) continue;
        if (c->state != HEAD) return false;
        c->left = c->size = c->line_size = 0;
        c->returned = false;
        c->state = chunked ? CHUNK_SIZE : LENGTH;
        if (!chunked) {
            char *after;
            c->left = c->size = strtoull(line + 16, &after, 10);
            if (line[16] < '0' || line[16] > '9' || *after != '\r') return false;
        }
    }
    return c->state != HEAD;
}

/* Take so many bytes of chunks; false when they are none. */
static bool took_chunks(struct connection *c, const char *data, size_t size) {
    for (const char *end = data + size; data < end;) {
        if (c->state == CHUNK) {
            size_t part = (size_t)(end - data) < c->left ? (size_t)(end - data) : (size_t)c->left;
            data += part;
            c->left -= part;
            c->size += part;
            if (!c->left) c->state = CHUNK_END;
            continue;
        }
        char next = *data++;
        if (c->returned != (next == '\n')) return false;
        c->returned = next == '\r';
        if (c->returned) continue;
        if (next == '\n') {
            if (c->state == CHUNK_SIZE) {
                if (!c->line_size) return false;
                c->state = c->left ? CHUNK : TRAILER;
            } else if (c->state == CHUNK_END) {
                c->state = CHUNK_SIZE;
            } else if (!c->line_size) {
                return data == end && answered(c);
            }
            c->line_size = 0;
            continue;
        }
        c->line_size++;
        if (c->state == CHUNK_END) return false;
        if (c->state == CHUNK_SIZE) {
            const char *digits = "0123456789abcdef", *digit = strchr(digits, next | 0x20);
            if (!digit || !next || c->line_size > 8) return false;
            c->left = c->left * 16 + (unsigned long long)(digit - digits);
        }
    }
    return true;
}

/* Take what is there of an answer; false when the connection is of no more use. */
static bool took(struct connection *c) {
    static char data[65536];
    if (c->state == LENGTH) {
        ssize_t size = recv(c->socket, NULL, c->left, MSG_TRUNC);
        if (size <= 0) return false;
        return (c->left -= (unsigned long long)size) || answered(c);
    }
    if (c->state != HEAD) {
        ssize_t size = recv(c->socket, data, sizeof data, 0);
        return size > 0 && took_chunks(c, data, (size_t)size);
    }
    ssize_t size = recv(c->socket, c->head + c->head_size, HEAD_MOST - c->head_size, 0);
    if (size <= 0) return false;
    c->head_size += (size_t)size;
    char *end = memmem(c->head, c->head_size, "\r\n\r\n", 4);
    if (!end) return c->head_size < HEAD_MOST;
    if (!framed(c, c->head, end)) return false;
    end += 4;
    size_t more = (size_t)(c->head + c->head_size - end);
    if (c->state == CHUNK_SIZE) return took_chunks(c, end, more);
    if (more > c->left) return false;
    return (c->left -= more) || answered(c);
}

static void connect_to(struct connection *c, int port, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address)) stop("connect");
    int on = 1;
    if (setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) stop("TCP_NODELAY");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->socket, &event)) stop("epoll_ctl");
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "load PORT CONNECTIONS SECONDS FILE BODY\n");
        return 2;
    }
    int connections = atoi(arguments[2]), epoll = epoll_create1(0);
    double length = atof(arguments[3]);
    read_requests(arguments[4]);
    expected = strtoull(arguments[5], NULL, 10);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    struct epoll_event *ready = calloc((size_t)connections, sizeof *ready);
    if (epoll < 0 || !all || !ready) stop("memory");
    serial = (unsigned long long)time(NULL) % 10000 * 1000000000000;
    for (int i = 0; i < connections; i++) connect_to(&all[i], atoi(arguments[1]), epoll);
    double began = now = seconds(), ends = began + length;
    for (int i = 0; i < connections; i++) ask(&all[i]);
    while (now < ends) {
        int found = epoll_wait(epoll, ready, connections, (int)((ends - now) * 1000) + 1);
        now = seconds();
        for (int i = 0; i < found; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c->state != SPENT && !took(c)) fail(c);
        }
    }
    for (int i = 0; i < connections; i++) failures += all[i].state != SPENT && now - all[i].since > PATIENCE;
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"bytes\": %llu, \"failed\": %llu}\n", answers, now - began, bytes, failures);
    return 0;
}
