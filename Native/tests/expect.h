/* What a test program holds true; if it is not, the program ends with the library's last error. */
#ifndef EXPECT_H
#define EXPECT_H

#include <mmu.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(int condition, const char *what)
{
    if (!condition) {
        char text[256];
        (void)mmu_last_error(text, sizeof text);
        fprintf(stderr, "unexpected: %s: %s\n", what, text);
        exit(1);
    }
}

#endif
