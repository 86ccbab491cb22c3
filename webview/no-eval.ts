import * as z from 'zod/mini';

/** The first import of each page: zod must not try to compile its checks, which the page's policy forbids. */
z.config({ jitless: true });
