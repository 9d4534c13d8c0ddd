/** The running services, however they run. */
export interface Suite {
  stop(): Promise<void>;
}
