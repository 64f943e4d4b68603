/** The name by which stages import this package: whatever copy is installed beside them, the one that runs them answers. */
export const packageName = "tandem";
