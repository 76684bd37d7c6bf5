// Writes the tables of props into constructs/README.md, from the sources: name, type, default and text of every prop of
// every interface that `index.ts` exports. Usage: npm run generate:api-tables [-- --check]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = `${root}constructs/README.md`;
const marks = ['<!-- props: begin -->', '<!-- props: end -->'];
const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true };
const program = ts.createProgram([`${root}constructs/index.ts`], options);
const checker = program.getTypeChecker();

/** Interfaces that props are made of, beside those that are called props. */
const places = [
  'ExistingSecret',
  'ExternalServer',
  'IssuerRef',
  'NetworkRates',
  'OperatorVersions',
  'ReplicaOf',
  'ResourceAmounts',
  'Resources',
  'S3Location',
  'SiteNamespaces',
  'StoreTls',
];

/** Text as a cell of a table. */
const cell = (text) =>
  text
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim();

function interfacesOf(symbol) {
  return (symbol.declarations ?? []).filter(ts.isInterfaceDeclaration);
}

function exported() {
  const source = program.getSourceFile(`${root}constructs/index.ts`);
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function tagOf(member, name) {
  const tag = ts.getJSDocTags(member).find((each) => each.tagName.text === name);
  return tag ? ts.getTextOfJSDocComment(tag.comment) : undefined;
}

function rowOf(member) {
  const symbol = checker.getSymbolAtLocation(member.name);
  const given = tagOf(member, 'default');
  const needed = member.questionToken ? 'none' : 'required';
  return [
    `\`${member.name.getText()}\``,
    `\`${cell(member.type.getText()).replace(/readonly /g, '')}\``,
    given === undefined ? needed : cell(given.replace(/^- /, '')),
    cell(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
  ];
}

function tableOf(declaration) {
  const rows = declaration.members.filter(ts.isPropertySignature).map(rowOf);
  const base = (declaration.heritageClauses ?? []).flatMap((clause) =>
    clause.types.map((type) => type.getText()),
  );
  const symbol = checker.getSymbolAtLocation(declaration.name);
  const lines = [['Prop', 'Type', 'Default', 'What it is'], ['---', '---', '---', '---'], ...rows];
  return [
    `### ${declaration.name.text}`,
    cell(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
    ...(base.length > 0 ? [`Also has what ${base.map((name) => `\`${name}\``).join(' and ')} has.`] : []),
    lines.map((line) => `| ${line.join(' | ')} |`).join('\n'),
  ].join('\n\n');
}

const text = readFileSync(readme, 'utf8');
const [before, rest = ''] = text.split(marks[0]);
const after = rest.split(marks[1])[1];
if (after === undefined) throw new Error(`${readme} lacks ${marks.join(' or ')}`);
const tables = exported()
  .flatMap(interfacesOf)
  .filter(({ name }) => name.text.endsWith('Props') || places.includes(name.text))
  .map(tableOf);
const wanted = await prettier.format(
  `${before}${marks[0]}\n\n${tables.join('\n\n')}\n\n${marks[1]}${after}`,
  {
    ...(await prettier.resolveConfig(readme)),
    parser: 'markdown',
  },
);
if (!process.argv.includes('--check')) writeFileSync(readme, wanted);
else if (wanted !== text) {
  process.stderr.write('constructs/README.md is not what the sources say: run npm run generate:api-tables\n');
  process.exitCode = 1;
}
