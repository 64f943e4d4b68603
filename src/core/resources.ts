/** What a step claims of the machine it runs on, as its file says. In no key: the numbers are the same on any number of cores. */
export interface Resources {
  /** Cores, at least 1; also the threads that it computes with. */
  readonly cpu?: number;
  readonly memoryBytes?: number;
  /** Devices. */
  readonly gpu?: number;
}
