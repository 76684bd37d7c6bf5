import { describe, expect, it } from '@jest/globals';
import { describeForUser, diskErrorCode, runProgram, toDiskError, UserError } from '@kubehero/runtime';

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });
const ofSystem = (code: string, path: string): Error =>
  Object.assign(coded(`${code}: raw text`, code), { syscall: 'open', path, errno: -1 });

describe('errors of a disk', () => {
  it.each([
    [ofSystem('ENOSPC', '/d/f'), 'DISK_FULL'],
    [ofSystem('EDQUOT', '/d/f'), 'DISK_FULL'],
    [ofSystem('EACCES', '/d/f'), 'NOT_PERMITTED'],
    [ofSystem('EROFS', '/d/f'), 'READ_ONLY'],
    [ofSystem('ENOTDIR', '/d/f'), 'NOT_A_FOLDER'],
    [coded('Cannot reserve 1.00 MiB', '243'), 'DISK_FULL'],
    [coded('could not extend file', '53100'), 'DISK_FULL'],
    [new Error('initdb', { cause: new Error('could not write: No space left on device') }), 'DISK_FULL'],
    [coded('Memory limit exceeded', '241'), undefined],
    [ofSystem('ECONNREFUSED', ''), undefined],
    ['no error', undefined],
  ])('are known by code, by text and by cause: %s', (error, code) => {
    expect(diskErrorCode(error)).toBe(code);
  });

  it('become one sentence with the folder and the way out; others stay as they are', () => {
    const full = ofSystem('ENOSPC', '/d/f');
    expect(toDiskError(full, '/d', 'with --data-dir')).toMatchObject({
      code: 'DISK_FULL',
      cause: full,
      message: 'no space is left on the disk of /d: free some, or give another folder with --data-dir',
    });
    const other = new UserError('IN_USE', 'in use');
    expect(toDiskError(other, '/d', '')).toBe(other);
  });

  it('are told by every program without the raw text of Node.js', async () => {
    expect(describeForUser(ofSystem('ENOTDIR', '/file/x'))).toBe(
      'cannot open /file/x: a part of the path is a file, give another one',
    );
    let said = '';
    const code = await runProgram({
      main: () => Promise.reject(ofSystem('EACCES', '/var/lib/kubehero/token')),
      writeError: (text) => (said += text),
    });
    expect([code, said]).toEqual([
      1,
      'kubehero: cannot open /var/lib/kubehero/token: this user may not, give it the right to\n',
    ]);
  });
});
