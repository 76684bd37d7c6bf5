/** Levels from the most to the least talkative. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/** What a line says beside its message; values under names that look like secrets are never written. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a program says what it does. Injected, never a singleton. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

/** How a logger writes. */
export interface LoggerOptions {
  /** Lines below it are dropped. @default 'info' */
  readonly level?: LogLevel;
  /** `json`: one object a line; `human`: for a terminal. @default 'json' */
  readonly format?: 'json' | 'human';
  /** Takes finished lines, each with its newline. @default - standard error */
  readonly write?: (line: string) => void;
  /** @default - the system's clock */
  readonly now?: () => Date;
}

const SECRET_NAME = /token|password|secret|private|credential|authorization|cookie|(^|[^a-z])key$|[a-z]Key$/i;
const MAX_CAUSES = 5;

function describeValue(value: unknown): string {
  return typeof value === 'string' ? value : toJson({ value });
}

function describeError(error: Error): Record<string, unknown> {
  const causes: string[] = [];
  let cause: unknown = error.cause;
  while (cause !== undefined && causes.length < MAX_CAUSES) {
    causes.push(cause instanceof Error ? cause.message : describeValue(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const code = (error as { code?: unknown }).code;
  return {
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(causes.length === 0 ? {} : { causes }),
    stack: error.stack,
  };
}

function toLoggable(name: string, value: unknown): unknown {
  if (SECRET_NAME.test(name) && value !== undefined) return '[not logged]';
  if (value instanceof Error) return describeError(value);
  return value;
}

function replaceValue(this: unknown, name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return name === '' ? value : toLoggable(name, value);
}

function toJson(fields: LogFields): string {
  try {
    return JSON.stringify(fields, replaceValue);
  } catch {
    // A value that refers to itself must not cost the line: its message and names remain.
    return JSON.stringify({ ...pick(fields), fieldNames: Object.keys(fields) });
  }
}

function pick(fields: LogFields): LogFields {
  return { time: fields['time'], level: fields['level'], message: fields['message'] };
}

function toHuman(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    const shown = toLoggable(name, value instanceof Error ? value.message : value);
    return `${name}=${typeof shown === 'string' ? shown : toJson({ shown }).slice('{"shown":'.length, -1)}`;
  });
  return `${time.toISOString().slice(11, 23)} ${level.padEnd(5)} ${[message, ...parts].join('  ')}\n`;
}

/**
 * Makes a logger. JSON lines have `time` (RFC 3339), `level`, `message` and the fields; errors keep their code and
 * the messages of their causes.
 */
export function createLogger(options: LoggerOptions = {}, bound: LogFields = {}): Logger {
  const write = options.write ?? ((line: string): void => void process.stderr.write(line));
  const now = options.now ?? ((): Date => new Date());
  const threshold = logLevels.indexOf(options.level ?? 'info');
  const emit =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(level) < threshold) return;
      const time = now();
      const all = { ...bound, ...fields };
      write(
        options.format === 'human'
          ? toHuman(time, level, message, all)
          : `${toJson({ time: time.toISOString(), level, message, ...all })}\n`,
      );
    };
  return {
    debug: emit('debug'),
    info: emit('info'),
    warn: emit('warn'),
    error: emit('error'),
    child: (fields) => createLogger(options, { ...bound, ...fields }),
  };
}

/** A logger that writes nothing, for libraries that were given none. */
export const silentLogger: Logger = createLogger({ write: () => undefined, level: 'error' });
