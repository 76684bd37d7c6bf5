// The library's dependency injection needs the polyfill to be there first; imports run in this order.
import 'reflect-metadata';

/** The X.509 library, loaded after what it needs. Import it from here only, and dynamically: it is large. */
export * from '@peculiar/x509';
