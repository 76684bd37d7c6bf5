import type { SecretSpec, SecretValue } from '@kubehero/contract';
import { UserError } from '@kubehero/runtime';
import { CertificateAuthority, type CaStore, type IssuedIdentity, type StoredCa } from '@kubehero/rpc';
import { createHash, randomBytes, randomInt } from 'node:crypto';

/** Values of a Secret by key. */
export type SecretData = Readonly<Record<string, string>>;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Makes values; certificates of one authority come from one run, for the authority's key is not kept. */
export class SecretValues {
  readonly #authorities = new Map<string, Promise<CertificateAuthority>>();
  readonly #identities = new Map<string, Promise<IssuedIdentity>>();
  /** Authorities whose key nobody has, and the Secret that shows it. */
  readonly #gone = new Map<string, string>();

  /** @param dnsNames every name under which a Service is dialled */
  constructor(private readonly dnsNames: (spec: SecretSpec, service: string) => readonly string[]) {}

  /**
   * The values that a Secret lacks; what it has already stays, and what is derived follows from it. Values that only
   * another command can give are left out.
   *
   * @throws UserError HALF_MADE where a certificate is missing whose authority exists already
   */
  async complete(spec: SecretSpec, present: SecretData): Promise<SecretData> {
    const made: Record<string, string> = {};
    for (const [key, value] of Object.entries<SecretValue>(spec.keys)) {
      if (present[key] !== undefined || value.kind === 'given') continue;
      made[key] = await this.#make(spec, value, { ...present, ...made });
    }
    return made;
  }

  /** Says that an authority, or a certificate under it, exists already: nothing more can be issued under it. */
  seal(spec: SecretSpec, present: SecretData): void {
    for (const [key, value] of Object.entries<SecretValue>(spec.keys)) {
      if (present[key] === undefined) continue;
      if (value.kind === 'ca-certificate') this.#gone.set(value.of, spec.name);
      if (value.kind === 'certificate') this.#gone.set(value.ca, spec.name);
    }
  }

  async #make(spec: SecretSpec, value: SecretValue, data: SecretData): Promise<string> {
    switch (value.kind) {
      case 'random':
        return value.encoding === 'base64' ? randomBytes(value.bytes).toString('base64') : word(value.bytes);
      case 'literal':
        return value.value;
      case 'sha256-hex':
        return createHash('sha256')
          .update(data[value.of] ?? '')
          .digest('hex');
      case 'ca-certificate':
        return (await this.#authority(value.of)).caBundlePem;
      case 'certificate':
        return (await this.#identity(spec, value)).certificateChainPem;
      case 'certificate-key':
        return (await this.#identity(spec)).privateKeyPem;
      case 'given':
        throw new TypeError(`'${spec.name}' is given by ${value.by}`);
    }
  }

  #authority(name: string): Promise<CertificateAuthority> {
    const gone = this.#gone.get(name);
    if (gone !== undefined)
      throw new UserError(
        'HALF_MADE',
        `the Secret ${gone} exists and the key of its authority was not kept: remove it in every namespace, so that authority and certificates are made anew`,
      );
    const authority =
      this.#authorities.get(name) ??
      CertificateAuthority.open({ store: forgetful(), sealingKey: randomBytes(32) });
    this.#authorities.set(name, authority);
    return authority;
  }

  /** The certificate comes first among the keys, its private key after it. */
  #identity(
    spec: SecretSpec,
    value?: Extract<SecretValue, { kind: 'certificate' }>,
  ): Promise<IssuedIdentity> {
    const known = this.#identities.get(spec.name);
    if (known) return known;
    if (!value)
      throw new UserError('HALF_MADE', `${spec.name} has a certificate without its key: remove the Secret`);
    const issued = this.#authority(value.ca).then((authority) =>
      authority.issueServer(
        value.services.flatMap((service) => this.dnsNames(spec, service)),
        TEN_YEARS_MS,
      ),
    );
    this.#identities.set(spec.name, issued);
    return issued;
  }
}

/** As many random letters and digits as carry the wanted entropy. */
function word(bytes: number): string {
  const length = Math.ceil((bytes * 8) / Math.log2(ALPHABET.length));
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Holds an authority for as long as this process runs. */
function forgetful(): CaStore {
  let kept: StoredCa | undefined;
  return {
    load: () => Promise.resolve(kept),
    save: (made) => {
      kept = made;
      return Promise.resolve(made);
    },
  };
}
