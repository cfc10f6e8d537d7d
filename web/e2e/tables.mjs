// Large tables of papers, as text and as a workbook.
import { crc32, deflateRawSync } from 'node:zlib';

const HEAD = [
  'manifest',
  'convoy',
  'source',
  'due',
  'vehicle',
  'lot',
  'goods',
  'pieces',
  'mass_kg',
  'hazards',
  'seals',
  'sender',
  'receiver',
];

/** Rows of cells: fifty lots a vehicle, forty vehicles a train; `wrong` of them have a cell that is wrong. */
function* rows(count, wrong) {
  yield HEAD;
  for (let row = 0; row < count; row += 1) {
    const vehicle = Math.floor(row / 50);
    const train = Math.floor(vehicle / 40);
    const bad = wrong > 0 && row % Math.floor(count / wrong) === 0;
    yield [
      `big-m-${train}`,
      `big-k-${train}`,
      'dandong',
      '2030-02-20T17:10',
      `big-${vehicle}`,
      `big-${vehicle}-${row % 50}`,
      'general',
      bad ? -3 : 1 + (row % 90),
      400 + (row % 700),
      '',
      `S${row}`,
      'Harbour office',
      `Clinic ${row % 40}`,
    ];
  }
}

export function tableCsv(count, wrong) {
  return Buffer.from([...rows(count, wrong)].map((cells) => cells.join(',')).join('\n'));
}

export function tableXlsx(count, wrong) {
  const numbers = new Map();
  const shared = (text) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text);
  };
  const sheet = [];
  let row = 0;
  for (const cells of rows(count, wrong)) {
    row += 1;
    const written = cells.map((cell, at) => {
      const name = `${String.fromCharCode(65 + at)}${row}`;
      if (cell === '') return '';
      return typeof cell === 'number'
        ? `<c r="${name}"><v>${cell}</v></c>`
        : `<c r="${name}" t="s"><v>${shared(cell)}</v></c>`;
    });
    sheet.push(`<row r="${row}">${written.join('')}</row>`);
  }
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const related = (list) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list.map(([id, kind, to]) => `<Relationship Id="${id}" Type="${office}/${kind}" Target="${to}"/>`).join('')}</Relationships>`;
  return archive({
    '_rels/.rels': related([['r1', 'officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': `<workbook ${main} xmlns:r="${office}"><sheets><sheet name="Papers" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': related([
      ['r1', 'worksheet', 'worksheets/sheet1.xml'],
      ['r2', 'sharedStrings', 'sharedStrings.xml'],
    ]),
    'xl/worksheets/sheet1.xml': `<worksheet ${main}><sheetData>${sheet.join('')}</sheetData></worksheet>`,
    'xl/sharedStrings.xml': `<sst ${main}>${[...numbers.keys()].map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
  });
}

/** A ZIP archive. */
function archive(parts) {
  const out = [];
  const list = [];
  let at = 0;
  for (const [name, text] of Object.entries(parts)) {
    const whole = Buffer.from(text);
    const packed = deflateRawSync(whole);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(whole), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(whole.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, place, Buffer.from(name)]));
    out.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(list.length, 4);
  end.writeUInt16LE(list.length, 6);
  end.writeUInt32LE(
    list.reduce((sum, entry) => sum + entry.length, 0),
    8,
  );
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...out, ...list, Buffer.from('PK\x05\x06'), end]);
}
