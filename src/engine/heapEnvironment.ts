/**
 * What a process that computes is started with. Sessions take their intermediate values from the C library's heap and give them
 * back with every step. glibc would return large ones to the system each time and have them zeroed again, page by page, which
 * costs a sixth of a step of 128 × 64 tokens: so it is told to keep them. Other C libraries do not read these variables.
 */
export const heapEnvironment: { readonly [variable: string]: string } = {
  MALLOC_MMAP_MAX_: "0",
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
  MALLOC_TOP_PAD_: String(2 ** 26),
};
