#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "data/input.h"
#include "data/text.h"

enum { CHUNK = 1 << 17 };

static voidpf allocate(voidpf ctx, uInt items, uInt size) {
  return rwk_alloc(ctx, items, size);
}

static void release(voidpf ctx, voidpf block) {
  rwk_free(ctx, block);
}

/* Reads on when all has been used. */
static rwk_status fill(rwk_input *in) {
  if (in->at < in->length || in->at_end) return RWK_OK;
  if (in->fd < 0) {
    in->at_end = 1;
    return RWK_OK;
  }
  ssize_t n;
  do {
    if (rwk_cancelled(in->ctx)) return rwk_fail(in->ctx, RWK_CANCELLED, "stopped as asked");
    n = read(in->fd, in->buffer, CHUNK);
  } while (n < 0 && errno == EINTR);
  char reason[RWK_REASON];
  if (n < 0) return rwk_fail(in->ctx, RWK_IO, "%s: cannot be read: %s", in->name, rwk_reason(reason, errno));
  in->bytes = in->buffer;
  in->at = 0;
  in->length = (size_t)n;
  in->at_end = n == 0;
  return RWK_OK;
}

/* Looks at the first two bytes, which may come one by one from a pipe. */
static rwk_status find_gzip(rwk_input *in) {
  RWK_TRY(fill(in));
  while (in->fd >= 0 && !in->at_end && in->length < 2) {
    const ssize_t n = read(in->fd, in->buffer + in->length, CHUNK - in->length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break; /* the next read will say */
    in->length += (size_t)n;
  }
  in->gzip = in->length >= 2 && in->bytes[0] == 0x1f && in->bytes[1] == 0x8b;
  if (!in->gzip) return RWK_OK;
  in->stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = in->ctx};
  if (inflateInit2(&in->stream, 15 + 16) != Z_OK) {
    in->gzip = 0;
    return rwk_fail_memory(in->ctx, "reading gzip");
  }
  in->in_member = 1;
  return RWK_OK;
}

rwk_status rwk_input_open_memory(rwk_input *in, rwk_context *ctx, const void *bytes, size_t length,
                                 const char *name) {
  *in = (rwk_input){.ctx = ctx, .name = name, .fd = -1, .bytes = bytes, .length = length};
  return find_gzip(in);
}

rwk_status rwk_input_open(rwk_input *in, rwk_context *ctx, const char *file, const char *name) {
  char reason[RWK_REASON];
  struct stat info;
  *in = (rwk_input){.ctx = ctx, .name = name};
  if (strcmp(file, "-") != 0) {
    in->fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0) return rwk_fail(ctx, RWK_IO, "%s: %s", name, rwk_reason(reason, errno));
    in->close_fd = 1;
  }
  rwk_status status = RWK_OK;
  if (fstat(in->fd, &info) == 0 && S_ISDIR(info.st_mode))
    status = rwk_fail(ctx, RWK_IO, "%s: a folder, not a file", name);
  if (status == RWK_OK) {
    in->buffer = rwk_alloc(ctx, CHUNK, 1);
    status = in->buffer ? find_gzip(in) : rwk_fail_memory(ctx, "reading a file");
  }
  if (status != RWK_OK) rwk_input_close(in);
  return status;
}

void rwk_input_close(rwk_input *in) {
  if (in->gzip) inflateEnd(&in->stream);
  if (in->close_fd) close(in->fd);
  rwk_free(in->ctx, in->buffer);
  *in = (rwk_input){.fd = -1};
}

static rwk_status inflate_some(rwk_input *in, char *out, size_t room, size_t *got) {
  z_stream *z = &in->stream;
  while (*got < room) {
    RWK_TRY(fill(in));
    const size_t left = in->length - in->at, wanted = room - *got;
    if (left == 0) { /* at the end */
      if (in->in_member)
        return rwk_fail(in->ctx, RWK_FORMAT, "%s: the compressed data end too early; was the copy cut short?",
                        in->name);
      return RWK_OK;
    }
    if (!in->in_member) { /* another member, or padding and rubbish, which gunzip ignores too */
      if (in->bytes[in->at] != 0x1f) {
        in->at = in->length;
        continue;
      }
      inflateReset(z);
      in->in_member = 1;
    }
    z->next_in = (Bytef *)(in->bytes + in->at); /* zlib does not write there */
    z->avail_in = left < INT_MAX ? (uInt)left : INT_MAX;
    z->next_out = (Bytef *)out + *got;
    z->avail_out = wanted < INT_MAX ? (uInt)wanted : INT_MAX;
    const uInt in_before = z->avail_in, out_before = z->avail_out;
    const int code = inflate(z, Z_NO_FLUSH);
    in->at += in_before - z->avail_in;
    *got += out_before - z->avail_out;
    if (code == Z_STREAM_END)
      in->in_member = 0;
    else if (code == Z_MEM_ERROR)
      return rwk_fail_memory(in->ctx, "reading gzip");
    else if (code != Z_OK && code != Z_BUF_ERROR)
      return rwk_fail(in->ctx, RWK_FORMAT, "%s: damaged gzip data (%s)", in->name,
                      z->msg ? z->msg : "no reason given");
  }
  return RWK_OK;
}

rwk_status rwk_input_read(rwk_input *in, char *out, size_t room, size_t *got) {
  *got = 0;
  if (in->gzip) return inflate_some(in, out, room, got);
  while (*got < room) {
    RWK_TRY(fill(in));
    const size_t left = in->length - in->at, n = left < room - *got ? left : room - *got;
    if (n == 0) break;
    memcpy(out + *got, in->bytes + in->at, n);
    in->at += n;
    *got += n;
  }
  return RWK_OK;
}
