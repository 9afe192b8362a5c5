/* compare TREE COPY: read every file of TREE and of COPY and compare them byte by byte.
 *
 * The least that a program can do that tells whether a tree is what it should be. Exit status: 0 all the same,
 * 1 something differs or is missing in COPY, 2 it could not tell. Files in COPY alone are not looked for.
 */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

static const char *copy;
static size_t prefix;
static long files, bytes;

/* Fills the buffer unless the file ends first: the number of bytes read, or -1. */
static ssize_t fill(int handle, char *buffer)
{
    size_t got = 0;
    while (got < CHUNK) {
        ssize_t n = read(handle, buffer + got, CHUNK - got);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int same(int one, int other)
{
    static char a[CHUNK], b[CHUNK];
    for (;;) {
        ssize_t n = fill(one, a), m = fill(other, b);
        if (n < 0 || m < 0)
            return 2;
        if (n != m || memcmp(a, b, (size_t)n) != 0)
            return 1;
        bytes += n;
        if (n < CHUNK)
            return 0;
    }
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    char other[4096];
    (void)status;
    (void)where;
    if (kind != FTW_F)
        return 0;
    int length = snprintf(other, sizeof other, "%s%s", copy, path + prefix);
    if (length < 0 || (size_t)length >= sizeof other)
        return 2;
    int one = open(path, O_RDONLY), two = open(other, O_RDONLY);
    int result = one < 0 ? 2 : two < 0 ? 1 : same(one, two);
    if (one >= 0)
        close(one);
    if (two >= 0)
        close(two);
    files++;
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: compare TREE COPY\n");
        return 2;
    }
    copy = argv[2];
    prefix = strlen(argv[1]);
    int result = nftw(argv[1], visit, 16, FTW_PHYS);
    printf("%ld files, %ld bytes: %s\n", files, bytes, result == 0 ? "the same" : result == 1 ? "different" : "cannot tell");
    return result < 0 ? 2 : result;
}
