/**
 * A failure that the person at the keyboard can mend. A program prints its message as one sentence on stderr and
 * exits with {@link UserError.exitCode}; no stack is shown.
 */
export class UserError<Code extends string = string> extends Error {
  /** 1 where the work failed, 2 where the command was used wrongly. */
  readonly exitCode: 1 | 2;

  /**
   * @param code - closed union of the boundary that throws; callers branch on it
   * @param message - lower case, no full stop: what failed, the value given, the remedy
   */
  constructor(
    readonly code: Code,
    message: string,
    options: { readonly cause?: unknown; readonly exitCode?: 1 | 2 } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'UserError';
    this.exitCode = options.exitCode ?? 1;
  }
}
