'use client';

import { useEffect } from 'react';

/** What is copied from the page carries every digit of the money in it, as plain decimals. */
export function useExactCopy(): void {
  useEffect(() => {
    const onCopy = (event: ClipboardEvent): void => {
      const selection = window.getSelection();
      if (selection === null || selection.isCollapsed || event.clipboardData === null) return;
      const text = exactText(selection.getRangeAt(0));
      if (text === undefined) return;
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
    };
    document.addEventListener('copy', onCopy);
    return () => document.removeEventListener('copy', onCopy);
  }, []);
}

/** Undefined where the range holds no money. */
function exactText(range: Range): string | undefined {
  const around = range.commonAncestorContainer;
  const element = around instanceof Element ? around : around.parentElement;
  const inside = element?.closest<HTMLDataElement>('data[data-exact]');
  if (inside) return inside.value;
  const fragment = range.cloneContents();
  const amounts = fragment.querySelectorAll<HTMLDataElement>('data[data-exact]');
  if (amounts.length === 0) return undefined;
  for (const amount of amounts) amount.textContent = amount.value;
  for (const cell of fragment.querySelectorAll('[role=gridcell]')) cell.append('\t');
  for (const row of fragment.querySelectorAll('[role=row], li, p')) row.append('\n');
  return fragment.textContent ?? undefined;
}
