// mailload: load generator and probe for IMAP, POP3 and SMTP servers (one thread, epoll, coroutines).
// Build: gcc -O2 -o mailload mailload.c -lssl -lcrypto -lm -lpthread
// Every command prints one line of key=value pairs per result. All runs are bounded (-n, -T).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifndef __x86_64__
#include <ucontext.h>
#endif
typedef uint64_t u64;

// ---------------------------------------------------------------- options
static struct {
  const char *host, *user, *pass, *mbox, *srv, *rcpt, *from, *dir, *label, *watch, *method, *label_re;
  int port, conns, nusers, ubase, tls, starttls, cpu, auth, pipeline, persess, rcptn, sinkport, sinkips, refmod, refcode, lmtp, port2, settle, noretr, threads, quiet, literalplus, crlf, cold, hold;
  long n, size, seed, expect;
  double T, gap;
  char *cmd[64]; int ncmd;
} o = {.host = "127.0.0.1", .user = "u%05d", .pass = "pw", .mbox = "INBOX", .conns = 1, .nusers = 1, .ubase = 1, .cpu = -1, .persess = 1, .rcptn = 1, .n = 1000, .size = 4096, .seed = 1, .T = 300, .from = "sender@example.test", .rcpt = "u%05d@example.test", .sinkips = 1, .refcode = 451, .settle = 3, .method = "append", .threads = 1, .gap = 0.02};

static void die(const char *f, ...) { va_list a; va_start(a, f); fprintf(stderr, "mailload: "); vfprintf(stderr, f, a); fprintf(stderr, "\n"); va_end(a); exit(1); }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static u64 wall_ns(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return (u64)t.tv_sec * 1000000000ull + t.tv_nsec; }

// ---------------------------------------------------------------- samples
typedef struct { double *v; long n, cap; } samples;
static void sm_add(samples *s, double x) { if (s->n == s->cap) { s->cap = s->cap ? s->cap * 2 : 1024; s->v = realloc(s->v, s->cap * sizeof *s->v); } s->v[s->n++] = x; }
static int dcmp(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }
static double sm_q(samples *s, double q) { if (!s->n) return 0; long i = (long)(q * (s->n - 1) + .5); return s->v[i]; }
static void sm_print(const char *name, samples *s) { qsort(s->v, s->n, sizeof *s->v, dcmp); printf(" %s_p50_ms=%.3f %s_p99_ms=%.3f %s_max_ms=%.3f", name, 1e3 * sm_q(s, .5), name, 1e3 * sm_q(s, .99), name, 1e3 * sm_q(s, 1)); }

// ---------------------------------------------------------------- coroutines
#define STK (96 * 1024)
typedef struct co { void *sp; void (*fn)(void *); void *arg; char *stk; int state, timedout; double deadline; struct co *nx, *pv, *rq; } co;
enum { READY, IO, SLEEP, PARK, DEAD };
static co *cur, *all, *rq_head, *rq_tail, *freelist; static void *main_sp; static long live; static int ep = -1; static double g_end = 1e18; static int stopping;
#ifdef __x86_64__
void co_switch(void **from, void *to);
__asm__(".text\n.globl co_switch\n.type co_switch,@function\nco_switch:\n pushq %rbp\n pushq %rbx\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n movq %rsp,(%rdi)\n movq %rsi,%rsp\n popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbx\n popq %rbp\n ret\n");
#else
static void co_switch(void **from, void *to) { ucontext_t *f = calloc(1, sizeof *f); *from = f; swapcontext(f, to); free(f); }
#endif
static void ready(co *c) { c->state = READY; c->rq = NULL; if (rq_tail) rq_tail->rq = c; else rq_head = c; rq_tail = c; }
static void yield_(void) { co *c = cur; co_switch(&c->sp, main_sp); }
static void co_entry(void) { cur->fn(cur->arg); cur->state = DEAD; yield_(); abort(); }
static co *spawn(void (*fn)(void *), void *arg) {
  co *c = freelist;
  if (c) freelist = c->nx; else { c = calloc(1, sizeof *c); c->stk = mmap(NULL, STK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); if (c->stk == MAP_FAILED) die("mmap stack: %s", strerror(errno)); }
  c->fn = fn; c->arg = arg; c->timedout = 0; c->pv = NULL; c->nx = all; if (all) all->pv = c; all = c; live++;
#ifdef __x86_64__
  void **sp = (void **)(c->stk + STK - 64); sp = (void **)((uintptr_t)sp & ~15ul); *--sp = 0; *--sp = (void *)co_entry; for (int i = 0; i < 6; i++) *--sp = 0; c->sp = sp;
#else
  ucontext_t *u = calloc(1, sizeof *u); getcontext(u); u->uc_stack.ss_sp = c->stk; u->uc_stack.ss_size = STK; makecontext(u, co_entry, 0); c->sp = u;
#endif
  ready(c); return c;
}
// sleepers: binary heap
static struct sl { double t; co *c; } *heap; static long hn, hcap;
static void heap_push(double t, co *c) { if (hn == hcap) { hcap = hcap ? hcap * 2 : 64; heap = realloc(heap, hcap * sizeof *heap); } long i = hn++; while (i && heap[(i - 1) / 2].t > t) { heap[i] = heap[(i - 1) / 2]; i = (i - 1) / 2; } heap[i].t = t; heap[i].c = c; }
static co *heap_pop(void) { co *r = heap[0].c; struct sl x = heap[--hn]; long i = 0; for (;;) { long k = 2 * i + 1; if (k >= hn) break; if (k + 1 < hn && heap[k + 1].t < heap[k].t) k++; if (heap[k].t >= x.t) break; heap[i] = heap[k]; i = k; } heap[i] = x; return r; }
static void co_sleep(double s) { cur->state = SLEEP; heap_push(now() + s, cur); yield_(); }

// ---------------------------------------------------------------- connections
typedef struct conn { int fd; SSL *ssl; char *ib; size_t ip, il, icap; co *waiter; u64 rx, tx; int tagn; long untagged, exists, expunged; int isidle; double exists_at; char last[512]; char caps[1024]; } conn;
static double io_timeout = 120; static SSL_CTX *sctx; static char g_err[256]; static long errors;
static void set_err(const char *f, ...) { va_list a; va_start(a, f); vsnprintf(g_err, sizeof g_err, f, a); va_end(a); }
static int io_wait(conn *c) { if (stopping) return -1; c->waiter = cur; cur->state = IO; cur->deadline = now() + io_timeout; yield_(); c->waiter = NULL; if (cur->timedout) { cur->timedout = 0; set_err("timeout"); return -1; } return 0; }
static void sched_run(void) {
  struct epoll_event ev[512]; double lastscan = now();
  while (live > 0) {
    while (rq_head) {
      co *c = rq_head; rq_head = c->rq; if (!rq_head) rq_tail = NULL;
      cur = c; co_switch(&main_sp, c->sp); cur = NULL;
      if (c->state == DEAD) { if (c->pv) c->pv->nx = c->nx; else all = c->nx; if (c->nx) c->nx->pv = c->pv; c->nx = freelist; freelist = c; live--; }
    }
    if (!live) break;
    double t = now(); int to = 500;
    if (hn) { double d = (heap[0].t - t) * 1e3; if (d < to) to = d < 0 ? 0 : (int)ceil(d); }
    int k = epoll_wait(ep, ev, 512, to);
    for (int i = 0; i < k; i++) { conn *c = ev[i].data.ptr; if (c && c->waiter && c->waiter->state == IO) { ready(c->waiter); } }
    t = now();
    while (hn && heap[0].t <= t) { co *c = heap_pop(); if (c->state == SLEEP) ready(c); }
    if (t - lastscan > 1) { lastscan = t; if (t > g_end) { stopping = 1; } for (co *c = all; c; c = c->nx) if (c->state == IO && (c->deadline < t || stopping)) { c->timedout = 1; ready(c); } else if (stopping && c->state == PARK) ready(c); }
  }
}
static conn *c_new(int fd, size_t cap) { conn *c = calloc(1, sizeof *c); c->fd = fd; c->icap = cap; c->ib = malloc(cap); struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = c}; if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)) die("epoll_ctl: %s", strerror(errno)); return c; }
static void c_close(conn *c) { if (!c) return; if (c->ssl) SSL_free(c->ssl); if (c->fd >= 0) close(c->fd); free(c->ib); free(c); }
static int c_tls(conn *c) {
  if (!sctx) { sctx = SSL_CTX_new(TLS_client_method()); SSL_CTX_set_verify(sctx, SSL_VERIFY_NONE, NULL); SSL_CTX_set_session_cache_mode(sctx, SSL_SESS_CACHE_OFF); }
  c->ssl = SSL_new(sctx); SSL_set_fd(c->ssl, c->fd); SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER); SSL_set_connect_state(c->ssl);
  for (;;) { int r = SSL_do_handshake(c->ssl); if (r == 1) return 0; int e = SSL_get_error(c->ssl, r); if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { if (io_wait(c)) return -1; } else { set_err("tls handshake error %d", e); return -1; } }
}
static conn *c_connect(const char *host, int port, size_t cap, int tls) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)}; inet_pton(AF_INET, host, &a.sin_addr); int tries = 0;
again:;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); if (fd < 0) { set_err("socket: %s", strerror(errno)); return NULL; }
  int one = 1; setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  int r = connect(fd, (void *)&a, sizeof a);
  if (r < 0 && errno == EADDRNOTAVAIL && tries++ < 200) { close(fd); co_sleep(.01); goto again; }
  if (r < 0 && errno != EINPROGRESS) { set_err("connect: %s", strerror(errno)); close(fd); return NULL; }
  conn *c = c_new(fd, cap);
  if (r < 0) { struct sockaddr_in p; socklen_t pl = sizeof p; for (;;) { int e = 0; socklen_t el = sizeof e; getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &el); if (e) { set_err("connect: %s", strerror(e)); c_close(c); return NULL; } if (!getpeername(fd, (void *)&p, &pl)) break; if (io_wait(c)) { c_close(c); return NULL; } } }
  if (tls && c_tls(c)) { c_close(c); return NULL; }
  return c;
}
static int c_fill(conn *c) {
  if (c->ip == c->il) c->ip = c->il = 0; else if (c->il == c->icap) { if (c->ip > 0) { memmove(c->ib, c->ib + c->ip, c->il - c->ip); c->il -= c->ip; c->ip = 0; } else { c->icap *= 2; if (c->icap > (1u << 28)) return -1; c->ib = realloc(c->ib, c->icap); } }
  for (;;) {
    ssize_t r; 
    if (c->ssl) { r = SSL_read(c->ssl, c->ib + c->il, (int)(c->icap - c->il)); if (r <= 0) { int e = SSL_get_error(c->ssl, (int)r); if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { if (io_wait(c)) return -1; continue; } if (e == SSL_ERROR_ZERO_RETURN) { set_err("eof"); return 0; } set_err("tls read"); return -1; } }
    else { r = read(c->fd, c->ib + c->il, c->icap - c->il); if (r < 0) { if (errno == EAGAIN) { if (io_wait(c)) return -1; continue; } if (errno == EINTR) continue; set_err("read: %s", strerror(errno)); return -1; } if (r == 0) { set_err("eof"); return 0; } }
    c->il += r; c->rx += r; return (int)r;
  }
}
static int c_write(conn *c, const void *p, size_t n) {
  const char *b = p;
  while (n) {
    ssize_t r;
    if (c->ssl) { r = SSL_write(c->ssl, b, (int)(n > 1 << 20 ? 1 << 20 : n)); if (r <= 0) { int e = SSL_get_error(c->ssl, (int)r); if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { if (io_wait(c)) return -1; continue; } set_err("tls write"); return -1; } }
    else { r = send(c->fd, b, n, MSG_NOSIGNAL); if (r < 0) { if (errno == EAGAIN) { if (io_wait(c)) return -1; continue; } if (errno == EINTR) continue; set_err("write: %s", strerror(errno)); return -1; } }
    b += r; n -= r; c->tx += r;
  }
  return 0;
}
static int c_printf(conn *c, const char *f, ...) { char b[4096]; va_list a; va_start(a, f); int n = vsnprintf(b, sizeof b, f, a); va_end(a); if (n >= (int)sizeof b) die("line too long"); return c_write(c, b, n); }
// returns length of line without CRLF, *line NUL-terminated, valid until the next read; -1 on error or end
static long c_line(conn *c, char **line) {
  size_t scan = 0;
  for (;;) {
    char *s = c->ib + c->ip, *e = memchr(s + scan, '\n', c->il - c->ip - scan);
    if (e) { long n = e - s; c->ip += n + 1; if (n && s[n - 1] == '\r') n--; s[n] = 0; *line = s; return n; }
    scan = c->il - c->ip; size_t before = c->ip; (void)before;
    if (c_fill(c) <= 0) return -1;
  }
}
static int c_skip(conn *c, size_t n) { for (;;) { size_t have = c->il - c->ip; if (have >= n) { c->ip += n; return 0; } n -= have; c->ip = c->il; if (c_fill(c) <= 0) return -1; } }

// ---------------------------------------------------------------- server process tree: CPU and memory
static int srv_pids(int *out, int max) { // o.srv: pids or pid files joined by '+'
  if (!o.srv) return 0; char b[4096]; snprintf(b, sizeof b, "%s", o.srv); int n = 0; 
  for (char *t = strtok(b, "+"); t && n < max; t = strtok(NULL, "+")) { int p = atoi(t); if (p <= 0) { FILE *f = fopen(t, "r"); if (f) { if (fscanf(f, "%d", &p) != 1) p = 0; fclose(f); } } if (p > 0) out[n++] = p; }
  return n;
}
typedef struct { double cpu; long pss_kb, rss_kb, procs, threads; } srvstat;
static void srv_stat(srvstat *r, int mem) {
  memset(r, 0, sizeof *r); static struct pe { int pid, pp; double cpu; long rss, thr; char in; } *pe; static int cap; int n = 0; int roots[16], nr = srv_pids(roots, 16); if (!nr) return;
  DIR *d = opendir("/proc"); struct dirent *e; long hz = sysconf(_SC_CLK_TCK);
  while ((e = readdir(d))) { if (e->d_name[0] < '0' || e->d_name[0] > '9') continue; char p[64], b[1024]; snprintf(p, sizeof p, "/proc/%.20s/stat", e->d_name); int fd = open(p, O_RDONLY); if (fd < 0) continue; ssize_t l = read(fd, b, sizeof b - 1); close(fd); if (l <= 0) continue; b[l] = 0; char *q = strrchr(b, ')'); if (!q) continue;
    int pp; long ut, st, cut, cst, thr, rss; if (sscanf(q + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld %*d %*d %ld %*d %*u %*u %ld", &pp, &ut, &st, &cut, &cst, &thr, &rss) < 7) continue;
    if (n == cap) { cap = cap ? cap * 2 : 1024; pe = realloc(pe, cap * sizeof *pe); } pe[n].pid = atoi(e->d_name); pe[n].pp = pp; pe[n].cpu = (double)(ut + st + cut + cst) / hz; pe[n].rss = rss * 4; pe[n].thr = thr; pe[n].in = 0; for (int i = 0; i < nr; i++) if (roots[i] == pe[n].pid) pe[n].in = 1; n++; }
  closedir(d);
  // parents may come after children in pid order only after wrap: iterate until stable, with a map by pid
  static char *inmap; if (!inmap) inmap = calloc(1, 4194305); for (int i = 0; i < n; i++) inmap[pe[i].pid] = pe[i].in;
  for (int ch = 1; ch;) { ch = 0; for (int i = 0; i < n; i++) if (!pe[i].in && pe[i].pp > 0 && inmap[pe[i].pp]) { pe[i].in = 1; inmap[pe[i].pid] = 1; ch = 1; } }
  for (int i = 0; i < n; i++) { inmap[pe[i].pid] = 0; if (!pe[i].in) continue; r->cpu += pe[i].cpu; r->rss_kb += pe[i].rss; r->procs++; r->threads += pe[i].thr; if (mem) { char p[64], b[2048]; snprintf(p, sizeof p, "/proc/%d/smaps_rollup", pe[i].pid); int fd = open(p, O_RDONLY); if (fd < 0) continue; ssize_t l = read(fd, b, sizeof b - 1); close(fd); if (l > 0) { b[l] = 0; char *q = strstr(b, "\nPss:"); if (q) r->pss_kb += atol(q + 5); } } }
}
static long mem_used_kb(void) { FILE *f = fopen("/proc/meminfo", "r"); char l[128]; long t = 0, a = 0; while (fgets(l, sizeof l, f)) { sscanf(l, "MemTotal: %ld", &t); sscanf(l, "MemAvailable: %ld", &a); } fclose(f); return t - a; }
static long self_rss_kb(void) { FILE *f = fopen("/proc/self/smaps_rollup", "r"); char l[256]; long v = 0; while (f && fgets(l, sizeof l, f)) if (sscanf(l, "Pss: %ld", &v) == 1) break; if (f) fclose(f); return v; }
static srvstat s0; static double t0, c0;
static double self_cpu(void) { struct rusage r; getrusage(RUSAGE_SELF, &r); return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6; }
static void begin(void) { srv_stat(&s0, 0); c0 = self_cpu(); t0 = now(); }
static void report(const char *name, double ops, double secs, const char *unit) { srvstat s1; double cc = self_cpu() - c0; srv_stat(&s1, 0); printf("%s %s=%.0f secs=%.4f rate=%.2f errors=%ld", o.label ? o.label : name, unit, ops, secs, secs > 0 ? ops / secs : 0, errors); if (s1.procs) printf(" cpu_s=%.2f cpu_per_1000=%.3f procs=%ld", s1.cpu - s0.cpu, ops > 0 ? (s1.cpu - s0.cpu) / ops * 1000 : 0, s1.procs); printf(" load_cpu_s=%.2f", cc); }
static void eol(void) { if (errors && g_err[0]) printf(" last_error=\"%s\"", g_err); printf("\n"); fflush(stdout); }

// ---------------------------------------------------------------- message generator
typedef struct { u64 s; } rng;
static u64 rnd(rng *r) { u64 z = (r->s += 0x9E3779B97F4A7C15ull); z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull; z = (z ^ (z >> 27)) * 0x94D049BB133111EBull; return z ^ (z >> 31); }
static double rndf(rng *r) { return (rnd(r) >> 11) * (1.0 / 9007199254740992.0); }
static double rndn(rng *r) { double u = rndf(r) + 1e-18, v = rndf(r); return sqrt(-2 * log(u)) * cos(2 * M_PI * v); }
typedef struct { char *p; size_t n, cap; } sb;
static void sb_need(sb *b, size_t k) { if (b->n + k + 1 > b->cap) { b->cap = (b->n + k + 1) * 2; b->p = realloc(b->p, b->cap); } }
static void sb_put(sb *b, const char *s, size_t n) { sb_need(b, n); memcpy(b->p + b->n, s, n); b->n += n; b->p[b->n] = 0; }
static void sb_f(sb *b, const char *f, ...) { char t[2048]; va_list a; va_start(a, f); int n = vsnprintf(t, sizeof t, f, a); va_end(a); sb_put(b, t, n); }
#define NW 2048
static char words[NW][12]; static int wordlen[NW];
static void gen_init(void) { if (wordlen[0]) return; static const char *syl[] = {"ba", "re", "to", "mi", "lan", "ser", "ver", "ing", "pro", "con", "ta", "ne", "lo", "qui", "sta", "mu", "el", "or", "an", "di", "fen", "gra", "hu", "jo", "ki", "pen", "sol", "tra", "ur", "vi", "wen", "zo"}; rng r = {42}; for (int i = 0; i < NW; i++) { char w[16] = ""; int k = 1 + (i > 30) + (i > 400 ? rnd(&r) % 2 : 0); for (int j = 0; j < k && strlen(w) < 9; j++) strcat(w, syl[rnd(&r) % 32]); snprintf(words[i], 12, "%s", w); wordlen[i] = (int)strlen(words[i]); } }
static int zipf(rng *r) { double u = rndf(r); return (int)(exp(u * log(NW + .0)) - 1) % NW; }
static void gen_text(sb *b, rng *r, size_t n, int html) { size_t end = b->n + n, col = 0; sb_need(b, n + 256); while (b->n < end) { int w = zipf(r); if (col + wordlen[w] > 74) { sb_put(b, "\n", 1); col = 0; if (rnd(r) % 12 == 0) sb_put(b, html ? "<p>\n" : "\n", html ? 4 : 1); } if (rnd(r) % 200 == 0) sb_put(b, "caf=C3=A9 ", 10), col += 10; sb_put(b, words[w], wordlen[w]); sb_put(b, " ", 1); col += wordlen[w] + 1; } sb_put(b, "\n", 1); }
static const char B64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static void gen_b64(sb *b, rng *r, size_t n) { size_t lines = n / 77 + 1; sb_need(b, lines * 77 + 8); while (lines--) { char *q = b->p + b->n; for (int i = 0; i < 76; i += 4) { u64 v = rnd(r); q[i] = B64[v & 63]; q[i + 1] = B64[(v >> 6) & 63]; q[i + 2] = B64[(v >> 12) & 63]; q[i + 3] = B64[(v >> 18) & 63]; } q[76] = '\n'; b->n += 77; } b->p[b->n] = 0; }
static const char *fn[] = {"Anna", "Bertil", "Chen", "Dmitri", "Elif", "Farid", "Gro", "Hiro", "Ines", "Jonas", "Kaja", "Liam", "Maya", "Nils", "Olga", "Piotr", "Quinn", "Rosa", "Sven", "Tuva"};
static const char *ln[] = {"Andersson", "Berg", "Costa", "Dahl", "Eriksen", "Fischer", "Garcia", "Hansen", "Ito", "Jensen", "Kowalski", "Larsen", "Moreau", "Novak", "Okafor", "Petrov", "Rossi", "Schmidt", "Tanaka", "Ueda"};
static void gen_addr(sb *b, rng *r) { u64 v = rnd(r); const char *f = fn[v % 20], *l = ln[(v >> 8) % 20]; if ((v >> 16) % 8 == 0) sb_f(b, "=?UTF-8?Q?%s_%s=C3=A9?= <%s.%s@d%d.example>", f, l, f, l, (int)((v >> 24) % 50)); else if ((v >> 16) % 8 == 1) sb_f(b, "%s.%s@d%d.example", f, l, (int)((v >> 24) % 50)); else sb_f(b, "\"%s %s\" <%s.%s@d%d.example>", f, l, f, l, (int)((v >> 24) % 50)); }
static long parent_of(u64 seed, long i) { rng r = {seed * 7919 + (u64)i * 31 + 5}; rnd(&r); if (i == 0 || rnd(&r) % 100 >= 45) return -1; long k = 1 + (long)(rnd(&r) % 150); return i - k < 0 ? -1 : i - k; }
static u64 idhash(u64 seed, long i) { rng r = {seed ^ ((u64)i << 20)}; return rnd(&r); }
static long gen_when(u64 seed, long i, long count) { (void)seed; return 1577836800 + (long)((double)i / (count ? count : 1) * 5 * 365 * 86400); }
// message i of count for seed; size 0: from the distribution. LF line ends.
static void gen_msg(sb *b, u64 seed, long i, long count, long size) {
  gen_init(); rng r = {seed * 1000003 + (u64)i}; rnd(&r); b->n = 0;
  if (size <= 0) { double x = 8192 * exp(1.6 * rndn(&r)); if (x < 900) x = 900 + rndf(&r) * 400; if (x > 5e6) x = 5e6; size = (long)x; }
  long when = gen_when(seed, i, count); time_t w = when; struct tm tm; gmtime_r(&w, &tm); char date[64]; strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
  int hops = 1 + rnd(&r) % 3; for (int h = 0; h < hops; h++) sb_f(b, "Received: from mx%d.example (mx%d.example [192.0.2.%d])\n\tby mail%d.example with ESMTPS id %012lx\n\tfor <user@example.test>; %s\n", (int)(rnd(&r) % 50), h, (int)(rnd(&r) % 250), h, (long)(rnd(&r) & 0xffffffffffffl), date);
  long p = parent_of(seed, i), root = i; long chain[12]; int nc = 0; for (long q = p; q >= 0; q = parent_of(seed, q)) { if (nc < 12) chain[nc++] = q; root = q; }
  sb_f(b, "Date: %s\nFrom: ", date); gen_addr(b, &r); sb_f(b, "\nTo: "); int nt = 1 + (rnd(&r) % 4 == 0) * (int)(rnd(&r) % 6); for (int k = 0; k < nt; k++) { if (k) sb_put(b, ",\n\t", 3); gen_addr(b, &r); } if (rnd(&r) % 4 == 0) { sb_f(b, "\nCc: "); gen_addr(b, &r); }
  rng rr = {seed * 31 + (u64)root}; rnd(&rr); sb_f(b, "\nSubject: %s", p >= 0 ? "Re: " : ""); if (rnd(&rr) % 5 == 0) sb_f(b, "=?UTF-8?B?w6TDtsO8IHByb2rDqWt0ICM=?=\n =?ISO-8859-1?Q?_%s=E9_%d?=", words[zipf(&rr)], (int)(rnd(&rr) % 1000)); else for (int k = 0, n = 2 + rnd(&rr) % 6; k < n; k++) sb_f(b, "%s%s", k ? " " : "", words[zipf(&rr)]);
  sb_f(b, "\nMessage-ID: <%016lx.%ld@d%d.example>\n", (long)idhash(seed, i), i, (int)(i % 50));
  if (p >= 0) { sb_f(b, "In-Reply-To: <%016lx.%ld@d%d.example>\nReferences:", (long)idhash(seed, p), p, (int)(p % 50)); for (int k = nc - 1; k >= 0; k--) sb_f(b, " <%016lx.%ld@d%d.example>%s", (long)idhash(seed, chain[k]), chain[k], (int)(chain[k] % 50), k ? "\n" : ""); sb_put(b, "\n", 1); }
  if (rnd(&r) % 3 == 0) sb_f(b, "List-Id: <list%d.example>\nPrecedence: list\n", (int)(rnd(&r) % 30));
  sb_f(b, "X-Mailer: mailload 1\nMIME-Version: 1.0\n"); size_t hdr = b->n; long left = size - (long)hdr; if (left < 64) left = 64;
  char bd[40], bd2[40]; snprintf(bd, sizeof bd, "=_%016lx", (long)rnd(&r)); snprintf(bd2, sizeof bd2, "=_a%015lx", (long)(rnd(&r) >> 4)); int kind = left > 40000 ? 2 : (int)(rnd(&r) % 100) < 35 ? 0 : left > 12000 && rnd(&r) % 3 ? 2 : 1;
  if (kind == 0) { sb_f(b, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"); gen_text(b, &r, left > 120 ? left - 100 : left, 0); }
  else {
    long text = kind == 2 ? (left > 20000 ? 3000 + (long)(rnd(&r) % 5000) : left / 3) : left; 
    if (kind == 2) sb_f(b, "Content-Type: multipart/mixed; boundary=\"%s\"\n\nThis is a multi-part message in MIME format.\n--%s\n", bd, bd);
    sb_f(b, "Content-Type: multipart/alternative;\n boundary=\"%s\"\n\n--%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n", bd2, bd2); gen_text(b, &r, text * 35 / 100, 0);
    sb_f(b, "\n--%s\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<html><body>\n", bd2); gen_text(b, &r, text * 55 / 100, 1); sb_f(b, "</body></html>\n\n--%s--\n", bd2);
    if (kind == 2) { long att = size - (long)b->n - 200; int na = att > 200000 ? 1 + (int)(rnd(&r) % 3) : 1; static const char *ct[] = {"application/pdf", "image/jpeg", "application/zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}; static const char *ex[] = {"pdf", "jpg", "zip", "docx"}; for (int k = 0; k < na; k++) { int c = rnd(&r) % 4; sb_f(b, "\n--%s\nContent-Type: %s;\n name=\"%s.%s\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment;\n filename=\"%s.%s\"\n\n", bd, ct[c], words[zipf(&r)], ex[c], words[zipf(&r)], ex[c]); gen_b64(b, &r, att > 77 ? att / na : 77); } sb_f(b, "\n--%s--\n", bd); }
  }
}
static void to_crlf(sb *d, const sb *s) { d->n = 0; sb_need(d, s->n + s->n / 20 + 4096); const char *p = s->p, *e = p + s->n; while (p < e) { const char *q = memchr(p, '\n', e - p); if (!q) { sb_put(d, p, e - p); break; } sb_put(d, p, q - p); sb_put(d, "\r\n", 2); p = q + 1; } }
static void cmd_gen(void) { // a Maildir in o.dir: cur/ new/ tmp/
  if (!o.dir) die("gen needs --dir"); char p[4096]; mkdir(o.dir, 0700); const char *sub[] = {"cur", "new", "tmp"}; for (int i = 0; i < 3; i++) { snprintf(p, sizeof p, "%s/%s", o.dir, sub[i]); mkdir(p, 0700); }
  sb b = {0}; double bytes = 0; long mx = 0; begin();
  for (long i = 0; i < o.n; i++) {
    gen_msg(&b, o.seed, i, o.n, o.size == 4096 ? 0 : o.size); long nl = 0; for (char *q = b.p; (q = memchr(q, '\n', b.p + b.n - q)); q++) nl++;
    long w = gen_when(o.seed, i, o.n); rng r = {o.seed + (u64)i * 77}; static const char *fl[] = {"S", "S", "S", "RS", "S", "", "FS", "S", "", "S"}; snprintf(p, sizeof p, "%s/cur/%ld.M%06ldP1.bench,S=%zu,W=%zu:2,%s", o.dir, w, i, b.n, b.n + nl, fl[rnd(&r) % 10]);
    int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC, 0644); if (fd < 0 || write(fd, b.p, b.n) != (ssize_t)b.n) die("write %s: %s", p, strerror(errno)); struct timespec ts[2] = {{w, 0}, {w, 0}}; futimens(fd, ts); close(fd); bytes += b.n; if ((long)b.n > mx) mx = b.n;
  }
  printf("gen messages=%ld bytes=%.0f mean=%.0f max=%ld secs=%.2f\n", o.n, bytes, bytes / o.n, mx, now() - t0);
}

// ---------------------------------------------------------------- IMAP
static void user_name(char *b, size_t n, long i) { if (strchr(o.user, '%')) snprintf(b, n, o.user, (int)(o.ubase + i % o.nusers)); else snprintf(b, n, "%s", o.user); }
static long lit_len(const char *s, long n) { if (n < 3 || s[n - 1] != '}') return -1; long k = n - 2; if (s[k] == '+') k--; long e = k; while (k > 0 && s[k] >= '0' && s[k] <= '9') k--; if (s[k] != '{' || k == e) return -1; return atol(s + k + 1); }
// reads until the tagged reply; 0 OK, 1 NO, 2 BAD, -1 connection error, 3 continuation (if cont)
static int imap_reply(conn *c, const char *tag, int cont) {
  size_t tl = strlen(tag); char *l; long n; int start = 1;
  while ((n = c_line(c, &l)) >= 0) {
    if (start) {
      if (l[0] == '*') { c->untagged++; if (n > 9 && l[2] >= '0' && l[2] <= '9') { char *q = l + 2; long v = strtol(q, &q, 10); if (!strncmp(q, " EXISTS", 7)) { c->exists = v; c->exists_at = now(); } else if (!strncmp(q, " EXPUNGE", 8)) c->expunged++; } else if (!strncmp(l + 2, "CAPABILITY ", 11)) snprintf(c->caps, sizeof c->caps, "%s", l); else if (o.label_re && !strncmp(l + 2, o.label_re, strlen(o.label_re))) snprintf(c->last, sizeof c->last, "%s", l); }
      else if (l[0] == '+' && cont) return 3;
      else if (n > (long)tl && !memcmp(l, tag, tl) && l[tl] == ' ') { snprintf(c->last, sizeof c->last, "%.500s", l); int r = !strncasecmp(l + tl + 1, "OK", 2) ? 0 : !strncasecmp(l + tl + 1, "NO", 2) ? 1 : 2; if (r) set_err("%.200s", l); return r; }
    }
    long k = lit_len(l, n); if (k >= 0) { if (c_skip(c, k)) return -1; start = 0; } else start = 1;
  }
  return -1;
}
static int imap_cmd(conn *c, const char *f, ...) { char b[8192], tag[16]; snprintf(tag, sizeof tag, "a%d", ++c->tagn); int k = snprintf(b, sizeof b, "%s ", tag); va_list a; va_start(a, f); k += vsnprintf(b + k, sizeof b - k - 2, f, a); va_end(a); b[k++] = '\r'; b[k++] = '\n'; if (c_write(c, b, k)) return -1; return imap_reply(c, tag, 0); }
static conn *imap_open(int port, long i, size_t cap) {
  conn *c = c_connect(o.host, port, cap, o.tls); char *l; if (!c) return NULL; if (c_line(c, &l) < 0 || strncmp(l, "* OK", 4)) { c_close(c); return NULL; }
  if (o.starttls) { if (imap_cmd(c, "STARTTLS") || c_tls(c)) { c_close(c); return NULL; } }
  char u[128]; user_name(u, sizeof u, i); if (imap_cmd(c, "LOGIN %s %s", u, o.pass)) { c_close(c); return NULL; } return c;
}
static long next_job, done_jobs; static samples lat, lat2; static double bytes_total, msgs_total;
static void w_login(void *a) { long id = (long)a; (void)id; while (!stopping) { long j = next_job++; if (j >= o.n) return; double s = now(); conn *c = imap_open(o.port, j, 4096); if (!c) { errors++; if (errors > 50) return; continue; } if (imap_cmd(c, "LOGOUT")) errors++; c_close(c); sm_add(&lat, now() - s); done_jobs++; } }
static void cmd_login(void) { begin(); for (int i = 0; i < o.conns; i++) spawn(w_login, (void *)(long)i); sched_run(); double d = now() - t0; report("imap-login", done_jobs, d, "ops"); sm_print("op", &lat); eol(); }

static void w_append(void *a) {
  long id = (long)a; conn *c = imap_open(o.port, id, 8192); if (!c) { errors++; return; } sb m = {0}, w = {0}; int r; 
  if (strcasecmp(o.mbox, "INBOX")) imap_cmd(c, "CREATE %s", o.mbox); 
  if (!t0) begin();
  while (!stopping) {
    long j = next_job++; if (j >= o.n) break; gen_msg(&m, o.seed, j, o.n, o.size); to_crlf(&w, &m); char tag[16]; snprintf(tag, sizeof tag, "a%d", ++c->tagn); double s = now();
    if (o.literalplus) { char h[256]; int k = snprintf(h, sizeof h, "%s APPEND %s (\\Seen) {%zu+}\r\n", tag, o.mbox, w.n); sb x = {0}; sb_put(&x, h, k); sb_put(&x, w.p, w.n); sb_put(&x, "\r\n", 2); r = c_write(c, x.p, x.n) ? -1 : imap_reply(c, tag, 0); free(x.p); }
    else { r = c_printf(c, "%s APPEND %s (\\Seen) {%zu}\r\n", tag, o.mbox, w.n) ? -1 : imap_reply(c, tag, 1); if (r == 3) { sb_put(&w, "\r\n", 2); r = c_write(c, w.p, w.n) ? -1 : imap_reply(c, tag, 0); } }
    if (r) { errors++; if (r < 0) break; } else { sm_add(&lat, now() - s); done_jobs++; bytes_total += w.n; }
  }
  if (t0) { lat2.n = 0; sm_add(&lat2, now()); } c_close(c); free(m.p); free(w.p);
}
static void cmd_append(void) { t0 = 0; for (int i = 0; i < o.conns; i++) spawn(w_append, (void *)(long)i); sched_run(); double d = now() - t0; report("imap-append", done_jobs, d, "msgs"); printf(" MBps=%.2f", bytes_total / d / 1e6); sm_print("op", &lat); eol(); }

// imap: one or more connections each run all --cmd; each command timed
static long cmd_unt[64]; static double cmd_b[64]; static int cmd_rc[64]; static samples cmd_lat[64];
static void w_imap(void *a) {
  long id = (long)a; conn *c = imap_open(o.port, id, 1 << 18); if (!c) { errors++; return; }
  for (int k = 0; k < o.ncmd; k++) { srvstat a0, a1; srv_stat(&a0, 0); u64 rx = c->rx; long un = c->untagged; double s = now(); int r = imap_cmd(c, "%s", o.cmd[k]); double d = now() - s; srv_stat(&a1, 0); cmd_rc[k] = r; if (r) errors++; sm_add(&cmd_lat[k], d); cmd_b[k] += c->rx - rx; cmd_unt[k] += c->untagged - un;
    if (o.conns == 1) { printf("%s cmd=%d rc=%d secs=%.5f bytes=%.0f untagged=%ld MBps=%.2f per_s=%.1f cpu_s=%.2f exists=%ld text=\"%.60s\"\n", o.label ? o.label : "imap", k, r, d, (double)(c->rx - rx), c->untagged - un, (c->rx - rx) / d / 1e6, (c->untagged - un) / d, a1.cpu - a0.cpu, c->exists, o.cmd[k]); fflush(stdout); } if (r < 0) break; }
  imap_cmd(c, "LOGOUT"); c_close(c);
}
static void cmd_imap(void) { begin(); for (int i = 0; i < o.conns; i++) spawn(w_imap, (void *)(long)i); sched_run(); double d = now() - t0; if (o.conns > 1) { double b = 0, u = 0; for (int k = 0; k < o.ncmd; k++) b += cmd_b[k], u += cmd_unt[k]; report("imap", o.conns, d, "conns"); printf(" bytes=%.0f MBps=%.2f untagged=%.0f per_s=%.1f", b, b / d / 1e6, u, u / d); for (int k = 0; k < o.ncmd; k++) { char nm[16]; snprintf(nm, 16, "cmd%d", k); sm_print(nm, &cmd_lat[k]); } eol(); } if (errors) { fprintf(stderr, "mailload: %ld errors, last: %s\n", errors, g_err); } }

// idle
static conn **ic; static long inflight, idling; 
static void w_idle(void *a) {
  long id = (long)a; conn *c = imap_open(o.port, id, 2048); if (!c) { errors++; inflight--; return; }
  if (imap_cmd(c, "SELECT %s", o.mbox)) { errors++; inflight--; c_close(c); return; }
  if (c_printf(c, "i IDLE\r\n") || imap_reply(c, "i", 1) != 3) { errors++; inflight--; c_close(c); return; }
  ic[id] = c; c->isidle = 1; idling++; inflight--; char *l;
  for (;;) { cur->deadline = 1e18; long n; if (stopping) break; n = c_line(c, &l); if (n < 0) { if (!c->isidle) break; c->isidle = 0; idling--; if (!stopping) errors++; break; } if (strstr(l, " EXISTS")) { c->exists = atol(l + 2); c->exists_at = now(); } }
}
static long idle_ok; static double idle_login_rate;
static int deliver(long id, double *ts, double *tok) { // returns 0; ts: last byte about to be sent, tok: accepted
  sb m = {0}, w = {0}; gen_msg(&m, 99, id, 1000000, 4096); to_crlf(&w, &m); int rc = -1; char u[128], *l; user_name(u, sizeof u, id); 
  if (!strcmp(o.method, "append")) { conn *c = imap_open(o.port, id, 4096); if (c) { c->tagn++; if (!c_printf(c, "x APPEND %s {%zu}\r\n", o.mbox, w.n) && imap_reply(c, "x", 1) == 3) { sb_put(&w, "\r\n", 2); *ts = now(); if (!c_write(c, w.p, w.n) && !imap_reply(c, "x", 0)) { *tok = now(); rc = 0; } } imap_cmd(c, "LOGOUT"); c_close(c); } }
  else { int lm = !strcmp(o.method, "lmtp"); conn *c = c_connect(o.host, o.port2, 4096, 0); if (c) { 
    #define EXP(d) do { long n_; do { n_ = c_line(c, &l); } while (n_ >= 4 && l[3] == '-'); if (n_ < 3 || l[0] != (d)) { set_err("deliver: %.100s", n_ < 0 ? "eof" : l); goto out; } } while (0)
    EXP('2'); if (c_printf(c, "%s localhost\r\n", lm ? "LHLO" : "EHLO")) goto out; EXP('2'); c_printf(c, "MAIL FROM:<%s>\r\n", o.from); EXP('2'); char rc_[256]; snprintf(rc_, sizeof rc_, o.rcpt, (int)(o.ubase + id % o.nusers)); c_printf(c, "RCPT TO:<%s>\r\n", rc_); EXP('2'); c_printf(c, "DATA\r\n"); EXP('3'); sb_put(&w, ".\r\n", 3); *ts = now(); c_write(c, w.p, w.n); EXP('2'); *tok = now(); rc = 0; c_printf(c, "QUIT\r\n"); EXP('2'); out: c_close(c); } }
  free(m.p); free(w.p); return rc;
}
static void w_idle_mgr(void *a) {
  (void)a; srvstat b0, b1; long mu0 = mem_used_kb(), me0 = self_rss_kb(); srv_stat(&b0, 1); double s = now();
  for (long i = 0; i < o.conns && !stopping; i++) { while (inflight >= 32) co_sleep(.001); inflight++; spawn(w_idle, (void *)i); if (errors > 50) { fprintf(stderr, "mailload: too many errors: %s\n", g_err); exit(1); } }
  while (inflight > 0) co_sleep(.005); 
  double d = now() - s; idle_ok = idling; idle_login_rate = idling / d; co_sleep(o.settle); srv_stat(&b1, 1); long mu1 = mem_used_kb(), me1 = self_rss_kb();
  printf("%s conns=%ld errors=%ld setup_s=%.2f setup_per_s=%.0f pss_before_kb=%ld pss_after_kb=%ld pss_per_conn_kb=%.2f sys_per_conn_kb=%.2f procs=%ld threads=%ld setup_cpu_s=%.2f", o.label ? o.label : "imap-idle", idling, errors, d, idle_login_rate, b0.pss_kb, b1.pss_kb, (double)(b1.pss_kb - b0.pss_kb) / (idling ? idling : 1), (double)(mu1 - mu0 - (me1 - me0)) / (idling ? idling : 1), b1.procs, b1.threads, b1.cpu - b0.cpu); fflush(stdout);
  rng r = {o.seed}; long lost = 0; double cpu0, cpu1; srv_stat(&b0, 0); cpu0 = b0.cpu; samples neg = {0};
  for (long k = 0; k < o.n && idling && !stopping; k++) { long id = rnd(&r) % o.conns; conn *c = ic[id]; if (!c || !c->isidle) continue; c->exists_at = 0; double ts = 0, tok = 0; if (deliver(id, &ts, &tok)) { errors++; continue; } double w = now(); while (c->exists_at < ts && now() - w < 35 && c->isidle) co_sleep(.0005); if (c->exists_at < ts) { lost++; continue; } sm_add(&lat, c->exists_at - ts); sm_add(&neg, c->exists_at - tok); co_sleep(o.gap); }
  srv_stat(&b1, 0); cpu1 = b1.cpu; printf(" probes=%ld lost=%ld probe_cpu_s=%.2f", lat.n, lost, cpu1 - cpu0); sm_print("push", &lat); sm_print("push_after_ok", &neg);
  if (o.hold) { srv_stat(&b0, 0); co_sleep(o.hold); srv_stat(&b1, 1); printf(" hold_s=%d hold_cpu_s=%.2f hold_pss_kb=%ld", o.hold, b1.cpu - b0.cpu, b1.pss_kb); }
  eol(); stopping = 1; exit(0);
}
static void cmd_idle(void) { io_timeout = 3600; ic = calloc(o.conns, sizeof *ic); spawn(w_idle_mgr, NULL); sched_run(); }

// ---------------------------------------------------------------- POP3
static int pop_line(conn *c, char **l) { long n = c_line(c, l); if (n < 0) return -1; if ((*l)[0] != '+') { set_err("pop3: %.100s", *l); return 1; } return 0; }
static int pop_multi(conn *c) { char *l; int r = pop_line(c, &l); if (r) return r; long n; while ((n = c_line(c, &l)) >= 0) if (n == 1 && l[0] == '.') return 0; return -1; }
static void w_pop3(void *a) {
  (void)a; char u[128], *l; 
  while (!stopping) {
    long j = next_job++; if (j >= o.n) return; double s = now(); conn *c = c_connect(o.host, o.port, 1 << 17, o.tls); if (!c) { errors++; continue; } 
    user_name(u, sizeof u, j); long cnt = 0; int ok = 0;
    do { if (pop_line(c, &l)) break; if (o.starttls) { c_printf(c, "STLS\r\n"); if (pop_line(c, &l) || c_tls(c)) break; }
      c_printf(c, "USER %s\r\n", u); if (pop_line(c, &l)) break; c_printf(c, "PASS %s\r\n", o.pass); if (pop_line(c, &l)) break; c_printf(c, "STAT\r\n"); if (pop_line(c, &l)) break; cnt = atol(l + 4);
      if (!o.noretr) { c_printf(c, "LIST\r\n"); if (pop_multi(c)) break; c_printf(c, "UIDL\r\n"); if (pop_multi(c)) break; long i; if (o.pipeline) { long sent = 0; for (i = 1; i <= cnt; i++) { if (sent < i) { sb b = {0}; long to = sent + 64 > cnt ? cnt : sent + 64; while (sent < to) sb_f(&b, "RETR %ld\r\n", ++sent); c_write(c, b.p, b.n); free(b.p); } if (pop_multi(c)) break; } } else for (i = 1; i <= cnt; i++) { c_printf(c, "RETR %ld\r\n", i); if (pop_multi(c)) break; } if (i <= cnt) break; msgs_total += cnt; }
      c_printf(c, "QUIT\r\n"); if (pop_line(c, &l)) break; ok = 1; } while (0);
    bytes_total += c->rx; if (!ok) errors++; else { done_jobs++; sm_add(&lat, now() - s); } c_close(c); if (errors > 50) return;
  }
}
static void cmd_pop3(void) { begin(); for (int i = 0; i < o.conns; i++) spawn(w_pop3, NULL); sched_run(); double d = now() - t0; report("pop3", done_jobs, d, "sessions"); printf(" msgs=%.0f msgs_per_s=%.1f MBps=%.2f", msgs_total, msgs_total / d, bytes_total / d / 1e6); sm_print("session", &lat); eol(); }

// ---------------------------------------------------------------- SMTP client, sink, local delivery watch
static u64 watch_from; static long sink_got, sink_ref; static double sink_first, sink_last; static samples e2e; static char *body; static long bodyn; static long accepted; static double first_sent, last_acc;
static int smtp_rep(conn *c, int d) { char *l; long n; for (;;) { n = c_line(c, &l); if (n < 0) return -1; if (n >= 4 && l[3] == '-') { if (!strncasecmp(l + 4, "PIPELINING", 10)) c->isidle |= 2; continue; } break; } if (n < 3 || l[0] != d) { set_err("smtp: %.150s", l); return l[0] == '4' ? 4 : 5; } return 0; }
static void b64enc(char *out, const unsigned char *s, int n) { EVP_EncodeBlock((unsigned char *)out, s, n); }
static conn *smtp_open(long id) {
  conn *c = c_connect(o.host, o.port, 4096, o.tls); if (!c) return NULL; char u[128], raw[300], enc[420];
  if (smtp_rep(c, '2')) goto bad; if (c_printf(c, o.lmtp ? "LHLO load.example.test\r\n" : "EHLO load.example.test\r\n") || smtp_rep(c, '2')) goto bad;
  if (o.starttls) { if (c_printf(c, "STARTTLS\r\n") || smtp_rep(c, '2') || c_tls(c) || c_printf(c, "EHLO load.example.test\r\n") || smtp_rep(c, '2')) goto bad; }
  if (o.auth) { user_name(u, sizeof u, id); int k = snprintf(raw, sizeof raw, "%c%s%c%s", 0, u, 0, o.pass); b64enc(enc, (unsigned char *)raw, k); if (c_printf(c, "AUTH PLAIN %s\r\n", enc) || smtp_rep(c, '2')) goto bad; }
  return c; bad: c_close(c); return NULL;
}
// --from '%s@example.test': the sender is the user who logged in, as a submission server that checks senders wants it
static void sender_of(char *b, size_t n, long id) { const char *p = strstr(o.from, "%s"); char u[128]; if (!p) return; user_name(u, sizeof u, id); snprintf(b, n, "%.*s%s%s", (int)(p - o.from), o.from, u, p + 2); }
static void w_smtp(void *a) {
  long id = (long)a; sb m = {0}; conn *c = NULL; int k = 0; char from[256]; snprintf(from, sizeof from, "%s", o.from);
  while (!stopping) {
    long j = next_job++; if (j >= o.n) break; 
    double s = now();
    if (!c) { c = smtp_open(id + j); k = 0; sender_of(from, sizeof from, id + j); if (!c) { errors++; if (errors > 50) break; next_job--; co_sleep(.05); continue; } }
    char rc[256]; snprintf(rc, sizeof rc, o.rcpt, (int)(o.ubase + j % o.rcptn)); if (!first_sent) first_sent = now(); int r = 0;
    m.n = 0; sb_f(&m, "X-ML-T: %lu\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: load %ld\r\nMessage-ID: <%lx.%ld@load.example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n", (unsigned long)wall_ns(), from, rc, j, (long)wall_ns(), j); if ((long)m.n < o.size) sb_put(&m, body, o.size - m.n > bodyn ? bodyn : o.size - (long)m.n); if (m.n < 2 || m.p[m.n - 1] != '\n') sb_put(&m, "\r\n", 2); sb_put(&m, ".\r\n", 3);
    if (o.pipeline && (c->isidle & 2)) { r = c_printf(c, "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", from, rc) ? -1 : 0; int r1 = smtp_rep(c, '2'), r2 = smtp_rep(c, '2'), r3 = smtp_rep(c, '3'); r = r1 ? r1 : r2 ? r2 : r3; }
    else { r = c_printf(c, "MAIL FROM:<%s>\r\n", from) ? -1 : smtp_rep(c, '2'); if (!r) r = c_printf(c, "RCPT TO:<%s>\r\n", rc) ? -1 : smtp_rep(c, '2'); if (!r) r = c_printf(c, "DATA\r\n") ? -1 : smtp_rep(c, '3'); }
    if (!r) { r = c_write(c, m.p, m.n) ? -1 : smtp_rep(c, '2'); }
    if (r) { errors++; c_close(c); c = NULL; if (errors > 1000) break; continue; }
    accepted++; last_acc = now(); sm_add(&lat, last_acc - s); bytes_total += m.n; if (++k >= o.persess) { c_printf(c, "QUIT\r\n"); smtp_rep(c, '2'); c_close(c); c = NULL; }
  }
  if (c) { c_printf(c, "QUIT\r\n"); c_close(c); } free(m.p); done_jobs++;
}
typedef struct { int fd, ip; } skarg;
static void w_sinkconn(void *a) {
  skarg *k = a; int one = 1; setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); conn *c = c_new(k->fd, 16384); int refuse = o.refmod && k->ip % o.refmod == 0; char *l; long n; free(k); sb out = {0};
  #define OUT(s) sb_put(&out, s, strlen(s))
  #define FLUSH() do { if (out.n) { if (c_write(c, out.p, out.n)) goto end; out.n = 0; } } while (0)
  OUT("220 sink ESMTP\r\n");
  for (;;) {
    if (!memchr(c->ib + c->ip, '\n', c->il - c->ip)) FLUSH();
    n = c_line(c, &l); if (n < 0) break;
    if (!strncasecmp(l, "EHLO", 4) || !strncasecmp(l, "LHLO", 4)) OUT("250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"); else if (!strncasecmp(l, "HELO", 4)) OUT("250 sink\r\n"); else if (!strncasecmp(l, "MAIL", 4)) OUT("250 2.1.0 ok\r\n");
    else if (!strncasecmp(l, "RCPT", 4)) { if (refuse) { char t[64]; snprintf(t, sizeof t, "%d %d.7.1 refused\r\n", o.refcode, o.refcode / 100); OUT(t); sink_ref++; } else OUT("250 2.1.5 ok\r\n"); }
    else if (!strncasecmp(l, "DATA", 4)) { if (refuse) { OUT("554 5.5.1 no valid recipients\r\n"); continue; } OUT("354 go\r\n"); FLUSH(); u64 ts = 0; int hdr = 1; while ((n = c_line(c, &l)) >= 0) { if (hdr) { if (n == 0) hdr = 0; else if (!strncmp(l, "X-ML-T: ", 8)) ts = strtoull(l + 8, NULL, 10); } if (n == 1 && l[0] == '.') break; } if (n < 0) break; double t = now(); if (!sink_first) sink_first = t; sink_last = t; sink_got++; if (ts) sm_add(&e2e, (wall_ns() - ts) * 1e-9); OUT("250 2.0.0 queued\r\n"); }
    else if (!strncasecmp(l, "QUIT", 4)) { OUT("221 bye\r\n"); FLUSH(); break; } else if (!strncasecmp(l, "RSET", 4) || !strncasecmp(l, "NOOP", 4)) OUT("250 ok\r\n"); else OUT("500 what\r\n");
  }
end: free(out.p); c_close(c);
}
typedef struct { int fd, ip; conn *c; } lsarg;
static int sink_stop;
static void w_listen(void *a) { lsarg *k = a; struct epoll_event e; (void)e; while (!stopping && !sink_stop) { int fd = accept4(k->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); if (fd < 0) { if (errno == EAGAIN) { cur->deadline = 1e18; k->c->waiter = cur; cur->state = IO; cur->deadline = 1e18; yield_(); k->c->waiter = NULL; cur->timedout = 0; continue; } co_sleep(.05); continue; } skarg *s = malloc(sizeof *s); s->fd = fd; s->ip = k->ip; spawn(w_sinkconn, s); } }
static void sink_start(void) { for (int i = 1; i <= o.sinkips; i++) { int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1; setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(o.sinkport)}; s.sin_addr.s_addr = htonl(0x7f000100u + i); if (bind(fd, (void *)&s, sizeof s) || listen(fd, 512)) die("sink bind 127.0.1.%d:%d: %s", i, o.sinkport, strerror(errno)); lsarg *k = calloc(1, sizeof *k); k->fd = fd; k->ip = i; k->c = c_new(fd, 16); spawn(w_listen, k); } }
// Maildirs watched: o.watch is a pattern with %05d or a plain Maildir; counts files in new/ and cur/
static long watch_count(int collect, samples *out) {
  long tot = 0; int n = strchr(o.watch, '%') ? o.rcptn : 1; 
  for (int i = 0; i < n; i++) { char d[2048]; snprintf(d, sizeof d, o.watch, (int)(o.ubase + i)); const char *sub[] = {"new", "cur"}; for (int k = 0; k < 2; k++) { char p[4096]; snprintf(p, sizeof p, "%s/%s", d, sub[k]); DIR *D = opendir(p); if (!D) continue; struct dirent *e; while ((e = readdir(D))) { if (e->d_name[0] == '.') continue; if (!collect) { tot++; continue; } int fd = openat(dirfd(D), e->d_name, O_RDONLY); if (fd < 0) continue; char b[4097]; ssize_t r = read(fd, b, 4096); struct stat st; fstat(fd, &st); close(fd); if (r <= 0) continue; b[r] = 0; char *q = strstr(b, "X-ML-T: "); if (!q) continue; u64 ts = strtoull(q + 8, NULL, 10); if (ts < watch_from) continue; tot++; u64 ct = (u64)st.st_ctim.tv_sec * 1000000000ull + st.st_ctim.tv_nsec; sm_add(out, ((double)ct - (double)ts) * 1e-9); } closedir(D); } }
  return tot;
}
static double drained_at; static long watch_base;
static long imap_count(conn **cc) { long tot = 0; for (int i = 0; i < o.rcptn; i++) { if (!cc[i]) cc[i] = imap_open(o.port2, i, 4096); if (!cc[i]) continue; static char lab[] = "STATUS"; o.label_re = lab; cc[i]->last[0] = 0; cc[i]->tagn++; char tag[16]; snprintf(tag, 16, "s%d", cc[i]->tagn); c_printf(cc[i], "%s STATUS INBOX (MESSAGES)\r\n", tag); char *l; long n; while ((n = c_line(cc[i], &l)) >= 0) { if (l[0] == '*') { char *q = strstr(l, "MESSAGES "); if (q) tot += atol(q + 9); } else break; } } return tot; }
static void w_e2e_mgr(void *a) { // waits for all expected messages to arrive, then stops everything
  (void)a; double lastprog = now(); long last = -1; conn **cc = calloc(o.rcptn + 1, sizeof *cc); if (o.watch) watch_base = watch_count(0, NULL); else if (o.port2) watch_base = imap_count(cc);
  watch_from = wall_ns(); if (!t0) begin(); for (int i = 0; i < o.conns; i++) spawn(w_smtp, (void *)(long)i);
  while (!stopping) { co_sleep(o.watch || o.port2 ? .1 : .01); long got = o.watch ? watch_count(0, NULL) - watch_base : o.port2 && !o.sinkport ? imap_count(cc) - watch_base : sink_got; if (got != last) { last = got; lastprog = now(); } long want = o.expect ? o.expect : accepted; if (done_jobs >= o.conns && got >= want) { drained_at = o.sinkport ? sink_last : now(); break; } if (now() - lastprog > 60) { errors++; set_err("stalled at %ld of %ld", got, want); drained_at = now(); break; } }
  sink_stop = 1; stopping = 1; double d = last_acc - t0, dd = drained_at - t0; report("smtp-e2e", accepted, d, "msgs"); printf(" accept_MBps=%.2f delivered=%ld drained_s=%.3f drain_rate=%.1f refused=%ld", bytes_total / d / 1e6, last, dd, last / dd, sink_ref); sm_print("accept", &lat); if (o.watch) { watch_count(1, &e2e); } if (e2e.n) sm_print("e2e", &e2e); eol(); exit(0);
}
static void cmd_smtp(void) {
  bodyn = o.size + 128; body = malloc(bodyn); for (long i = 0; i < bodyn; i++) body[i] = i % 74 == 72 ? '\r' : i % 74 == 73 ? '\n' : 'a' + (i * 7 + i / 74) % 26;
  if (o.sinkport) sink_start();
  if (o.sinkport || o.watch || (o.port2 && o.nusers)) { if (o.sinkport || o.watch || o.hold) { spawn(w_e2e_mgr, NULL); sched_run(); return; } }
  begin(); for (int i = 0; i < o.conns; i++) spawn(w_smtp, (void *)(long)i); sched_run(); double d = now() - t0; report("smtp", accepted, d, "msgs"); printf(" MBps=%.2f", bytes_total / d / 1e6); sm_print("msg", &lat); eol();
}
static void w_sinkend(void *a) { (void)a; double lp = now(); long last = -1; while (!stopping) { co_sleep(.05); if (sink_got != last) { last = sink_got; lp = now(); } if (o.expect && sink_got >= o.expect) break; if (sink_got && now() - lp > o.settle) break; } double d = sink_last - sink_first; printf("sink msgs=%ld secs=%.3f rate=%.1f refused=%ld", sink_got, d, d > 0 ? (sink_got - 1) / d : 0, sink_ref); if (e2e.n) sm_print("e2e", &e2e); eol(); exit(0); }
static void cmd_sink(void) { o.sinkport = o.port; sink_start(); spawn(w_sinkend, NULL); sched_run(); }

// ---------------------------------------------------------------- limits of this machine
static volatile int stop_fs; static long fs_count[64];
static void *t_fsync(void *a) { long id = (long)a; char *buf = malloc(o.size); memset(buf, 'x', o.size); char t[4096], f[4096]; long i = 0; while (!stop_fs) { snprintf(t, sizeof t, "%s/tmp.%ld.%ld", o.dir, id, i); snprintf(f, sizeof f, "%s/f.%ld.%ld", o.dir, id, i); int fd = open(t, O_WRONLY | O_CREAT | O_TRUNC, 0644); if (fd < 0 || write(fd, buf, o.size) != o.size) die("write: %s", strerror(errno)); fdatasync(fd); close(fd); rename(t, f); if (o.cold) { int d = open(o.dir, O_RDONLY | O_DIRECTORY); fsync(d); close(d); } i++; fs_count[id]++; } for (long k = 0; k < i; k++) { snprintf(f, sizeof f, "%s/f.%ld.%ld", o.dir, id, k); unlink(f); } return NULL; }
static void cmd_fsync(void) { if (!o.dir) die("--dir"); mkdir(o.dir, 0700); pthread_t t[64]; double s = now(); for (long i = 0; i < o.threads; i++) pthread_create(&t[i], NULL, t_fsync, (void *)i); usleep((useconds_t)(o.T * 1e6)); stop_fs = 1; double d = now() - s; long n = 0; for (int i = 0; i < o.threads; i++) n += fs_count[i]; for (int i = 0; i < o.threads; i++) pthread_join(t[i], NULL); printf("fsync threads=%d size=%ld dirsync=%d files=%ld secs=%.3f rate=%.1f\n", o.threads, o.size, o.cold, n, d, n / d); }
static int lst(int *port) { int s = socket(AF_INET, SOCK_STREAM, 0); struct sockaddr_in a = {.sin_family = AF_INET}; a.sin_addr.s_addr = htonl(INADDR_LOOPBACK); socklen_t l = sizeof a; bind(s, (void *)&a, l); listen(s, 16); getsockname(s, (void *)&a, &l); *port = ntohs(a.sin_port); return s; }
static int cn(int port) { int s = socket(AF_INET, SOCK_STREAM, 0), one = 1; struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)}; a.sin_addr.s_addr = htonl(INADDR_LOOPBACK); if (connect(s, (void *)&a, sizeof a)) die("connect"); setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); return s; }
static int g_ls; static char *g_file;
static void *t_echo(void *a) { (void)a; int f = accept(g_ls, NULL, NULL), one = 1; setsockopt(f, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); char b[4096]; ssize_t r; while ((r = read(f, b, sizeof b)) > 0) if (write(f, b, r) != r) break; close(f); return NULL; }
static void cmd_rtt(void) { int port; g_ls = lst(&port); pthread_t t; pthread_create(&t, NULL, t_echo, NULL); int s = cn(port); char b[64] = {0}; double st = now(); for (long i = 0; i < o.n; i++) { if (write(s, b, 64) != 64 || read(s, b, 64) != 64) die("rtt"); } double d = now() - st; close(s); pthread_join(t, NULL); printf("rtt n=%ld secs=%.3f rate=%.1f us=%.2f\n", o.n, d, o.n / d, d / o.n * 1e6); }
static void *t_accept(void *a) { long n = (long)a; while (n--) { int f = accept(g_ls, NULL, NULL); if (write(f, "x", 1) != 1) {} char b[8]; if (read(f, b, 8) < 0) {} close(f); } return NULL; }
static void cmd_connrate(void) { int port; g_ls = lst(&port); listen(g_ls, 512); pthread_t t; pthread_create(&t, NULL, t_accept, (void *)o.n); double st = now(); for (long i = 0; i < o.n; i++) { int s = cn(port); char b[8]; if (read(s, b, 8) != 1) die("conn"); close(s); } double d = now() - st; pthread_join(t, NULL); printf("connrate n=%ld secs=%.3f rate=%.1f\n", o.n, d, o.n / d); }
static void *t_send(void *a) { int mode = (int)(long)a; int f = accept(g_ls, NULL, NULL); int fd = open(g_file, O_RDONLY); struct stat st; fstat(fd, &st); char *b = malloc(1 << 18); for (long k = 0; k < o.n; k++) { if (mode == 0) { off_t off = 0; while (off < st.st_size) if (sendfile(f, fd, &off, st.st_size - off) <= 0) goto e; } else { off_t off = 0; while (off < st.st_size) { ssize_t r = pread(fd, b, 1 << 18, off); if (r <= 0) goto e; off += r; char *q = b; while (r) { ssize_t w = write(f, q, r); if (w <= 0) goto e; q += w; r -= w; } } } } e: free(b); close(fd); close(f); return NULL; }
static void cmd_loopbw(void) { char p[4096]; snprintf(p, sizeof p, "%s/loopbw.tmp", o.dir ? o.dir : "/tmp"); g_file = p; int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC, 0600); char *b = malloc(1 << 20); memset(b, 'z', 1 << 20); for (int i = 0; i < 64; i++) if (write(fd, b, 1 << 20) < 0) die("w"); close(fd); for (long mode = 0; mode < 2; mode++) { int port; g_ls = lst(&port); pthread_t t; pthread_create(&t, NULL, t_send, (void *)mode); int s = cn(port); double st = now(), tot = 0; ssize_t r; while ((r = read(s, b, 1 << 18)) > 0) tot += r; double d = now() - st; pthread_join(t, NULL); close(s); close(g_ls); printf("loopbw mode=%s bytes=%.0f secs=%.3f rate=%.1f unit=MB/s\n", mode ? "pread+write" : "sendfile", tot, d, tot / d / 1e6); } double st = now(); char *c = malloc(1 << 20); for (int i = 0; i < 20000; i++) { memcpy(c, b, 1 << 20); __asm__ volatile("" ::"r"(c) : "memory"); } double d = now() - st; printf("memcpy bytes=%.0f secs=%.3f rate=%.1f unit=MB/s\n", 20000.0 * (1 << 20), d, 20000.0 * (1 << 20) / d / 1e6); unlink(p); }
static void w_tls(void *a) { (void)a; while (!stopping) { long j = next_job++; if (j >= o.n) return; double s = now(); conn *c = c_connect(o.host, o.port, 2048, 1); if (!c) { errors++; if (errors > 50) return; continue; } c_close(c); sm_add(&lat, now() - s); done_jobs++; } }
static void cmd_tls(void) { begin(); for (int i = 0; i < o.conns; i++) spawn(w_tls, NULL); sched_run(); report("tls-handshake", done_jobs, now() - t0, "ops"); sm_print("op", &lat); eol(); }
static double busy0, wall0, scpu0;
static double sys_busy(void) { FILE *f = fopen("/proc/stat", "r"); double u, n, s, i, w, q, sq, st; if (!f) return 0; int k = fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &u, &n, &s, &i, &w, &q, &sq, &st); fclose(f); return k < 8 ? 0 : (u + n + s + q + sq + st) / sysconf(_SC_CLK_TCK); }
static void noise_end(void) { srvstat a; srv_stat(&a, 0); double w = now() - wall0, b = sys_busy() - busy0, v = a.cpu - scpu0, me = self_cpu(), x = b - v - me; if (w > .05) fprintf(stderr, "noise: wall_s=%.2f busy_s=%.2f server_s=%.2f load_s=%.2f other_s=%.2f other_pct=%.1f\n", w, b, v, me, x, 100 * x / w / sysconf(_SC_NPROCESSORS_ONLN)); }
static void noise_begin(void) { srvstat a; srv_stat(&a, 0); scpu0 = a.cpu; busy0 = sys_busy(); wall0 = now(); atexit(noise_end); }
static void cmd_srv(void) { srvstat s; srv_stat(&s, 1); printf("%s cpu_s=%.2f pss_kb=%ld rss_kb=%ld procs=%ld threads=%ld sys_used_kb=%ld\n", o.label ? o.label : "srv", s.cpu, s.pss_kb, s.rss_kb, s.procs, s.threads, mem_used_kb()); }

// ---------------------------------------------------------------- main
static void usage(void) {
  puts("mailload COMMAND [options]\n"
       " gen           --dir MAILDIR -n COUNT --seed S              deterministic corpus as a Maildir\n"
       " imap-login    -c CONNS -n OPS                              connect, LOGIN, LOGOUT\n"
       " imap          -c CONNS --cmd '...' [--cmd '...']           each command timed (after LOGIN)\n"
       " imap-append   -c CONNS -n MSGS --size B [--literal+]       one user per connection\n"
       " imap-idle     -c CONNS -n PROBES --method append|lmtp|smtp [--port2 P] [--settle S] [--hold S]\n"
       " pop3          -c CONNS -n SESSIONS [--noretr] [--pipeline]\n"
       " smtp          -c CONNS -n MSGS --size B --auth --per-session K [--pipeline] --rcpt FMT --rcpt-n N\n"
       "               [--sink PORT --sink-ips N --refuse-mod M --refuse-code C --expect N]   relay, end to end\n"
       "               [--watch MAILDIRFMT | --port2 IMAPPORT --hold 1]                       local, end to end\n"
       " sink          -p PORT --sink-ips N                         on 127.0.1.1..N\n"
       " tls           -c CONNS -n OPS                              TLS connect only\n"
       " srv           --srv PIDS                                   CPU and PSS of process trees\n"
       " fsync --dir D --threads N -T SECS [--cold: fsync of directory too] | rtt -n N | connrate -n N | loopbw -n N\n"
       "common: -h HOST -p PORT -u USERFMT --users N --user-base B -P PASS --tls --starttls --cpu N --srv PID|PIDFILE[+...]\n"
       "        --label L -T SECONDS (bound)"); exit(2); }
int main(int argc, char **argv) {
  if (argc < 2) usage(); signal(SIGPIPE, SIG_IGN); struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl); const char *cmd = argv[1];
  for (int i = 2; i < argc; i++) {
    char *a = argv[i]; 
    #define IS(x) (!strcmp(a, x))
    #define V() (i + 1 < argc ? argv[++i] : (usage(), ""))
    if (IS("-h")) o.host = V(); else if (IS("-p")) o.port = atoi(V()); else if (IS("-c")) o.conns = atoi(V()); else if (IS("-n")) o.n = atol(V()); else if (IS("-T")) o.T = atof(V()); else if (IS("-u")) o.user = V(); else if (IS("--users")) o.nusers = atoi(V()); else if (IS("--user-base")) o.ubase = atoi(V()); else if (IS("-P")) o.pass = V(); else if (IS("--tls")) o.tls = 1; else if (IS("--starttls")) o.starttls = 1; else if (IS("--cpu")) o.cpu = atoi(V()); else if (IS("--srv")) o.srv = V(); else if (IS("--label")) o.label = V(); else if (IS("--mbox")) o.mbox = V(); else if (IS("--cmd")) { if (o.ncmd < 64) o.cmd[o.ncmd++] = V(); } else if (IS("--size")) o.size = atol(V()); else if (IS("--seed")) o.seed = atol(V()); else if (IS("--dir")) o.dir = V(); else if (IS("--literal+")) o.literalplus = 1; else if (IS("--method")) o.method = V(); else if (IS("--port2")) o.port2 = atoi(V()); else if (IS("--settle")) o.settle = atoi(V()); else if (IS("--hold")) o.hold = atoi(V()); else if (IS("--gap")) o.gap = atof(V()); else if (IS("--noretr")) o.noretr = 1; else if (IS("--pipeline")) o.pipeline = 1; else if (IS("--auth")) o.auth = 1; else if (IS("--per-session")) o.persess = atoi(V()); else if (IS("--rcpt")) o.rcpt = V(); else if (IS("--rcpt-n")) o.rcptn = atoi(V()); else if (IS("--from")) o.from = V(); else if (IS("--sink")) o.sinkport = atoi(V()); else if (IS("--sink-ips")) o.sinkips = atoi(V()); else if (IS("--refuse-mod")) o.refmod = atoi(V()); else if (IS("--refuse-code")) o.refcode = atoi(V()); else if (IS("--expect")) o.expect = atol(V()); else if (IS("--watch")) o.watch = V(); else if (IS("--lmtp")) o.lmtp = 1; else if (IS("--threads")) o.threads = atoi(V()); else if (IS("--cold")) o.cold = 1; else { fprintf(stderr, "unknown option %s\n", a); usage(); }
  }
  struct in_addr ia; if (inet_pton(AF_INET, o.host, &ia) != 1 || (ntohl(ia.s_addr) >> 24) != 127) die("only loopback addresses (127.0.0.0/8) are allowed as target");
  if (o.cpu >= 0) { cpu_set_t s; CPU_ZERO(&s); CPU_SET(o.cpu, &s); sched_setaffinity(0, sizeof s, &s); }
  ep = epoll_create1(EPOLL_CLOEXEC); g_end = now() + o.T; if (o.threads > 64) o.threads = 64;
  if (o.srv && strcmp(cmd, "srv")) noise_begin();
  if (!strcmp(cmd, "gen")) cmd_gen(); else if (!strcmp(cmd, "imap-login")) cmd_login(); else if (!strcmp(cmd, "imap")) cmd_imap(); else if (!strcmp(cmd, "imap-append")) cmd_append(); else if (!strcmp(cmd, "imap-idle")) cmd_idle(); else if (!strcmp(cmd, "pop3")) cmd_pop3(); else if (!strcmp(cmd, "smtp")) cmd_smtp(); else if (!strcmp(cmd, "sink")) cmd_sink(); else if (!strcmp(cmd, "tls")) cmd_tls(); else if (!strcmp(cmd, "srv")) cmd_srv(); else if (!strcmp(cmd, "fsync")) cmd_fsync(); else if (!strcmp(cmd, "rtt")) cmd_rtt(); else if (!strcmp(cmd, "connrate")) cmd_connrate(); else if (!strcmp(cmd, "loopbw")) cmd_loopbw(); else usage();
  return errors ? 3 : 0;
}
