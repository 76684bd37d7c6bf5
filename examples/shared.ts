import { ImageLock, type DexProps, type ExposureProps } from '@kubehero/constructs';

/** The images of these examples. Make your own by `kubehero images lock --output images.lock.json`. */
export function exampleImages(): ImageLock {
  return ImageLock.fromFile('examples/images.lock.json');
}

/** A certificate as `kubehero cluster add` prints it; of no use but for these examples. */
export const exampleCaBundle = `-----BEGIN CERTIFICATE-----
MIIBkzCCATmgAwIBAgIUBvVOgaWGscyKGpXgc7UAw7b85LUwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTa3ViZWhlcm8gZXhhbXBsZSBDQTAgFw0yNjExMjIyMjU4NDFa
GA8yMTI2MTAyOTIyNTg0MVowHjEcMBoGA1UEAwwTa3ViZWhlcm8gZXhhbXBsZSBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLTv42yG/Ay7ka3SrySJVcRVSZA6
Bl8ao8SjcSZzDSF+vUtUGOMBnAtRQTLc1UDRH3v7AHlzwE0If0PiKZBRxCajUzBR
MB0GA1UdDgQWBBQaC5xiqscL/+04g97GKFELO1uXezAfBgNVHSMEGDAWgBQaC5xi
qscL/+04g97GKFELO1uXezAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gA
MEUCIQDO6FOVOrC2vOGtn6APAb45fkvport0XuH1QFn1+n9mywIgQtpao+e6gkG8
To4DUIA0Z2AJD1kr+IavhmU+dFWzBHc=
-----END CERTIFICATE-----
`;

/** Sign-in by the corporate OpenID Connect provider. */
export const corporateSignIn: DexProps = {
  connectors: [
    {
      type: 'oidc',
      id: 'corp',
      name: 'Corporate login',
      config: {
        issuer: 'https://login.acme.example',
        clientID: 'kubehero',
        clientSecret: '$CORP_CLIENT_SECRET',
        insecureEnableGroups: true,
        scopes: ['openid', 'email', 'groups'],
      },
    },
  ],
  secretEnv: { CORP_CLIENT_SECRET: { name: 'corp-idp', key: 'client-secret' } },
};

/** Behind ingress-nginx. */
export const behindNginx: ExposureProps = {
  kind: 'ingress',
  className: 'nginx',
  controllerNamespace: 'ingress-nginx',
  tlsSecret: 'kubehero-tls',
};
