import './globals.css';
import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers.js';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import type { ReactNode } from 'react';
import { isTheme, THEME_COOKIE } from '../features/view/model/theme.js';

export const metadata: Metadata = {
  title: { default: 'Live cost', template: '%s · KubeHero' },
  description: 'What every workload costs this second',
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  colorScheme: 'light dark',
};

/** The document. The theme comes from a cookie, so that the first paint already has it. */
export default async function RootLayout({ children }: { readonly children: ReactNode }): Promise<ReactNode> {
  const theme = (await cookies()).get(THEME_COOKIE)?.value ?? '';
  return (
    <html lang="en" {...(isTheme(theme) && theme !== 'system' ? { 'data-theme': theme } : {})}>
      <body>
        <NuqsAdapter>{children}</NuqsAdapter>
      </body>
    </html>
  );
}
