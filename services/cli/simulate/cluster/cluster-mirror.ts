import { kubeconfigServer, ListWatch, type ApiObject, type WatchSink } from '@kubehero/kubernetes';
import type { Logger } from '@kubehero/runtime';
import type { NodeObject, PodObject } from './api-objects.js';

/** A cluster's nodes and pods, kept up to date by watches. */
export interface ClusterMirror {
  readonly nodes: () => Iterable<NodeObject>;
  readonly pods: () => Iterable<PodObject>;
  readonly stop: () => Promise<void>;
}

class Collection<T extends ApiObject> implements WatchSink<T> {
  readonly objects = new Map<string, T>();

  onList(objects: readonly T[]): void {
    this.objects.clear();
    for (const object of objects) this.onApply(object);
  }

  onApply(object: T): void {
    this.objects.set(object.metadata?.uid ?? '', object);
  }

  onDelete(object: T): void {
    this.objects.delete(object.metadata?.uid ?? '');
  }
}

/**
 * Lists and watches nodes and pods; resolves when both are known.
 *
 * @throws ApiError where the kubeconfig cannot be used or the signal aborts before the first list
 */
export async function openClusterMirror(
  kubeconfig: { readonly file: string; readonly context?: string | undefined },
  context: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<ClusterMirror> {
  const server = await kubeconfigServer(kubeconfig.file, kubeconfig.context);
  const nodes = new Collection<NodeObject>();
  const pods = new Collection<PodObject>();
  const onFailure = (error: Error, retryInMs: number): void => {
    context.logger.warn('the API of the cluster does not answer', { error: error.message, retryInMs });
  };
  const watches = [
    new ListWatch<NodeObject>({ server, path: '/api/v1/nodes', onFailure, ...toSink(nodes) }),
    new ListWatch<PodObject>({ server, path: '/api/v1/pods', onFailure, ...toSink(pods) }),
  ];
  const stop = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.stop()));
  };
  const onAbort = (): void => {
    void stop();
  };
  context.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.all(watches.map((watch) => watch.start()));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    context.signal.removeEventListener('abort', onAbort);
  }
  return { nodes: () => nodes.objects.values(), pods: () => pods.objects.values(), stop };
}

function toSink<T extends ApiObject>(collection: Collection<T>): WatchSink<T> {
  return {
    onList: (objects) => {
      collection.onList(objects);
    },
    onApply: (object) => {
      collection.onApply(object);
    },
    onDelete: (object) => {
      collection.onDelete(object);
    },
  };
}
