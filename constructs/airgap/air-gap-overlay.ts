import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { tryFindApp } from '../core/charts.js';
import { type Fault, Faults, refuseAtSynth } from '../core/faults.js';
import { imageRoles } from '../core/images.js';
import { type Json, Manifest } from '../core/manifest.js';
import type { InstallationProps, KubeHeroHubProps } from '../hub/hub-props.js';
import { KubeHeroEdge } from '../edge/kubehero-edge.js';
import { KubeHeroHub } from '../hub/kubehero-hub.js';
import { publicSources } from '../hub/pricing-engine.js';
import {
  imagesIn,
  type MirroredImage,
  referencePattern,
  toImagesTxt,
  toMirrorCommands,
} from './images-txt.js';
import { outsideHosts } from './outside.js';
import { isPrivate, rewriteManifest, type RewriteRules, toMirror } from './rewrite.js';

/** Input of {@link AirGapOverlay}. */
export interface AirGapOverlayProps {
  /** Registry of the site, with a path where there is one: `registry.internal.acme.com/mirror`. */
  readonly registry: string;
  /** Keeps the original registry's host as a folder. @default false */
  readonly keepHost?: boolean;
  /** Pull secrets for every pod, in every namespace. */
  readonly imagePullSecrets?: readonly string[];
  /** Addresses outside of the cluster that pods may reach: object store, identity provider, hub. @default - none but private ranges that are declared elsewhere */
  readonly egressCidrs?: readonly string[];
  /** Hosts of the site that manifests may name beside those of the hub and the registry. */
  readonly allowedHosts?: readonly string[];
  /** The site's own copy of the runbooks. @default - links go, the text in each rule stays */
  readonly runbookBaseUrl?: string;
  /** False: writes no `images.txt` and `mirror-images.txt` beside the manifests. @default true */
  readonly writeImageList?: boolean;
}

/**
 * Makes whatever stands in an app or chart fit for a site without a way out: images from the site's registry by digest,
 * pull secrets everywhere, egress closed, no address of the outside left. Hub and edge stay what they are; the overlay
 * changes their manifests while they are written, others' in the same scope too.
 */
export class AirGapOverlay extends Construct {
  readonly #props: AirGapOverlayProps;
  readonly #target: Construct;
  readonly #rules: RewriteRules;
  readonly #changed = new WeakSet<ApiObject>();
  readonly #originals = new Map<string, string>();
  /** Repositories of every lock in the scope, as they were when somebody last looked at all of it. */
  #repositories: readonly string[] = [];
  /** Manifests while they are looked at; nothing is kept once synthesis goes on, for somebody may still change an object. */
  #rendered: Map<ApiObject, Json> | undefined;

  /** @param scope app or chart that the overlay is for. */
  constructor(scope: Construct, id: string, props: AirGapOverlayProps) {
    super(scope, id);
    this.#props = props;
    this.#target = scope;
    this.#rules = {
      registry: props.registry,
      keepHost: props.keepHost ?? false,
      pullSecrets: props.imagePullSecrets ?? [],
      egressCidrs: props.egressCidrs ?? [],
      runbookBaseUrl: props.runbookBaseUrl,
    };
    const faults = overlayFaults(props);
    refuseAtSynth(this, faults);
    this.node.addValidation({ validate: () => (faults.length > 0 ? [] : this.#apply()) });
  }

  /** Every image that the manifests name, with where it comes from; complete once everything stands in the scope. */
  images(): MirroredImage[] {
    this.#repositories = this.#lockedRepositories();
    const manifests = this.#objects().map((object) => this.#changedJson(object));
    return imagesIn(manifests).map((target) => ({ source: this.#originals.get(target) ?? target, target }));
  }

  #objects(): ApiObject[] {
    return this.#target.node.findAll().filter((node): node is ApiObject => ApiObject.isApiObject(node));
  }

  #installations(): (KubeHeroHub | KubeHeroEdge)[] {
    return this.#target.node
      .findAll()
      .filter(
        (node): node is KubeHeroHub | KubeHeroEdge =>
          node instanceof KubeHeroHub || node instanceof KubeHeroEdge,
      );
  }

  /** Runs when the app is validated, after everything was made and before anything is written. */
  #apply(): string[] {
    const installations = this.#installations();
    const contradictions = installations.flatMap((installation) => contradictionsOf(installation));
    if (installations.some((installation) => installation.faults.length > 0)) return contradictions;
    if (this.#objects().length === 0)
      return ['covers nothing: make it in the app or the chart that it is for'];
    this.#repositories = this.#lockedRepositories();
    for (const object of this.#objects()) this.#wrap(object);
    this.#rendered = new Map();
    const left = this.#leftovers();
    const app = tryFindApp(this);
    if (left.length + contradictions.length === 0 && app && (this.#props.writeImageList ?? true))
      this.#writeList(app.outdir);
    this.#rendered = undefined;
    return [...contradictions, ...left];
  }

  #wrap(object: ApiObject): void {
    if (this.#changed.has(object)) return;
    this.#changed.add(object);
    const render = object.toJson.bind(object);
    object.toJson = () => {
      const json = this.#rendered?.get(object) ?? this.#rewrite(object, render() as Json);
      this.#rendered?.set(object, json);
      return json;
    };
  }

  #changedJson(object: ApiObject): Json {
    return this.#changed.has(object)
      ? (object.toJson() as Json)
      : this.#rewrite(object, object.toJson() as Json);
  }

  #rewrite(object: ApiObject, json: Json): Json {
    for (const source of imagesIn([json])) {
      const end = source.search(/(:[^:/@]+)?@sha256:/);
      this.#originals.set(`${toMirror(source.slice(0, end), this.#rules)}${source.slice(end)}`, source);
    }
    return Manifest.rename(object, rewriteManifest(json, this.#repositories, this.#rules));
  }

  #lockedRepositories(): string[] {
    const locks = new Set(
      this.#installations().map((installation) => (installation.props as InstallationProps).images),
    );
    const roles = Object.keys(imageRoles) as (keyof typeof imageRoles)[];
    const found = [...locks]
      .flatMap((lock) => roles.map((role) => lock.tryFind(role)?.repository))
      .filter((r) => r !== undefined);
    // The longest first, so that a repository is not taken for another one that it begins with.
    return [...new Set(found)].sort((a, b) => b.length - a.length);
  }

  #leftovers(): string[] {
    const hubs = this.#installations().filter((installation) => installation instanceof KubeHeroHub);
    const edges = this.#installations().filter((installation) => installation instanceof KubeHeroEdge);
    const allowed = [
      this.#rules.registry.split('/')[0] ?? '',
      ...hubs.map((hub) => `*.${hub.props.domain}`),
      ...edges.map((edge) => edge.props.hubEndpoint.replace(/^https:\/\//, '').replace(/[:/].*$/, '')),
      ...(this.#props.allowedHosts ?? []),
      ...(this.#props.runbookBaseUrl ? [new URL(this.#props.runbookBaseUrl).host] : []),
    ];
    return this.#objects().flatMap((object) => {
      const json = object.toJson() as Json;
      const where = `${object.kind}/${object.name}`;
      return [
        ...outsideHosts(json, allowed).map(
          (host) => `${where} names the outside host '${host}': mirror it, or add it to allowedHosts`,
        ),
        ...untrustedImages(json).map((image) => `${where} uses '${image}' without a digest: lock it`),
      ];
    });
  }

  #writeList(outdir: string): void {
    const images = this.images();
    mkdirSync(outdir, { recursive: true });
    writeFileSync(join(outdir, 'images.txt'), toImagesTxt(images));
    writeFileSync(join(outdir, 'mirror-images.txt'), toMirrorCommands(images));
  }
}

function overlayFaults(props: AirGapOverlayProps): readonly Fault[] {
  const faults = new Faults();
  faults.check(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9._-]+)*$/.test(props.registry) &&
      /^(localhost|[^/]*[.:])/.test(props.registry),
    'registry',
    `'${props.registry}' is no registry: write registry.internal.acme.com/path, without scheme or closing slash`,
  );
  for (const secret of props.imagePullSecrets ?? []) faults.dnsName('imagePullSecrets', secret);
  for (const cidr of props.egressCidrs ?? []) {
    faults.cidr('egressCidrs', cidr);
    faults.check(
      !cidr.endsWith('/0'),
      'egressCidrs',
      `'${cidr}' is the whole internet: name the ranges of the site`,
    );
    faults.check(
      !/\/[1-7]$/.test(cidr) || isPrivate(cidr),
      'egressCidrs',
      `'${cidr}' is a large part of the internet: name the ranges of the site`,
    );
  }
  for (const host of props.allowedHosts ?? []) {
    const name = host.replace(/^\*\./, '').replace(/:\d{1,5}$/, '');
    faults.dnsName('allowedHosts', name);
    faults.check(
      !host.startsWith('*.') || name.includes('.'),
      'allowedHosts',
      `'${host}' allows a whole top-level domain: write *.acme.internal`,
    );
  }
  const { runbookBaseUrl } = props;
  if (runbookBaseUrl !== undefined)
    faults.check(
      /^https?:/.test(runbookBaseUrl) && URL.canParse(runbookBaseUrl),
      'runbookBaseUrl',
      `'${runbookBaseUrl}' is no URL: write https://runbooks.acme.internal`,
    );
  return faults.all;
}

/** What a hub asks for that an air gap cannot give. */
function contradictionsOf(installation: KubeHeroHub | KubeHeroEdge): string[] {
  if (!(installation instanceof KubeHeroHub)) return [];
  const props: KubeHeroHubProps = installation.props;
  const sources = (props.pricing?.sources ?? publicSources).filter((source) =>
    publicSources.includes(source),
  );
  return sources.length === 0
    ? []
    : [
        `${installation.node.path}: pricing.sources has ${sources.join(', ')}, which are outside: use 'snapshot' or 'custom'`,
      ];
}

/** Images of containers that are no reference by digest. */
function untrustedImages(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(untrustedImages);
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value)
    .filter(([key, item]) => key === 'image' && typeof item === 'string' && !referencePattern.test(item))
    .map(([, item]) => String(item));
  const isContainer = 'name' in value;
  return [...(isContainer ? own : []), ...Object.values(value).flatMap(untrustedImages)];
}
