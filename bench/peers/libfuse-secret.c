/*
 * The peer to beat: one file, `secret`, on libfuse 3's low-level interface, direct I/O, with `-s` single-threaded. It holds the value in
 * plain memory and decides nothing, so it does the least work that a FUSE server of secrets can do.
 *
 *   libfuse-secret -f -s -o allow_other,default_permissions MOUNTPOINT < VALUE
 */
#define FUSE_USE_VERSION 34
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_INO 2
/* Names and attributes are cached for an hour: what is measured is open and read. */
#define VALID_SECONDS 3600.0

static char value[1 << 20];
static size_t value_size;

static int stat_of(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof *st);
	st->st_ino = ino;
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	if (ino != SECRET_INO)
		return ENOENT;
	st->st_mode = S_IFREG | 0444;
	st->st_nlink = 1;
	st->st_size = (off_t)value_size;
	return 0;
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .attr_timeout = VALID_SECONDS, .entry_timeout = VALID_SECONDS };

	if (parent != FUSE_ROOT_ID || strcmp(name, "secret") != 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	entry.ino = SECRET_INO;
	stat_of(SECRET_INO, &entry.attr);
	fuse_reply_entry(req, &entry);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct stat st;
	const int error = stat_of(ino, &st);

	(void)file;
	if (error)
		fuse_reply_err(req, error);
	else
		fuse_reply_attr(req, &st, VALID_SECONDS);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	if (ino != SECRET_INO) {
		fuse_reply_err(req, EISDIR);
		return;
	}
	file->direct_io = 1;
	fuse_reply_open(req, file);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
	const size_t start = (size_t)offset < value_size ? (size_t)offset : value_size;
	const size_t left = value_size - start;

	(void)ino;
	(void)file;
	fuse_reply_buf(req, value + start, left < size ? left : size);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = on_lookup,
	.getattr = on_getattr,
	.open = on_open,
	.read = on_read,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts options;
	struct fuse_session *session;
	int status = 1;

	value_size = fread(value, 1, sizeof value, stdin);
	if (fuse_parse_cmdline(&args, &options) != 0 || options.mountpoint == NULL) {
		fprintf(stderr, "usage: libfuse-secret -f -s [-o OPTIONS] MOUNTPOINT < VALUE\n");
		return 2;
	}
	session = fuse_session_new(&args, &ops, sizeof ops, NULL);
	if (session == NULL || fuse_set_signal_handlers(session) != 0 ||
	    fuse_session_mount(session, options.mountpoint) != 0)
		return 1;
	status = options.singlethread ? fuse_session_loop(session) : fuse_session_loop_mt(session, NULL);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	return status == 0 ? 0 : 1;
}
