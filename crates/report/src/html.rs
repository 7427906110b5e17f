//! A page as self-contained HTML.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::document::{Block, Document};
use crate::pictures::{ID, Picture};
use crate::table::{Cell, Table};

const STYLE: &str = concat!(include_str!("palette.css"), include_str!("page.css"));
/// Lets a reader sort a table; the page is complete without it.
const SORT: &str = include_str!("sort.js");

/// The page as HTML.
pub fn page(document: &Document) -> String {
    let mut writer = Writer::default();
    let contents = contents(document);
    let body = writer.chapters(&document.blocks);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (document.title) }
                // Without it, a browser would request an icon from the page's server.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (document.title) }
                    p.lead { (document.lead) }
                }
                @if contents.len() > 1 {
                    nav aria-label="Contents" {
                        ul { @for (id, text) in &contents { li { a href={ "#" (id) } { (text) } } } }
                    }
                }
                main #content tabindex="-1" { (body) }
                footer { p { "Made by slimgate " (env!("CARGO_PKG_VERSION")) "." } }
                script { (PreEscaped(SORT)) }
            }
        }
    };
    markup.into_string()
}

/// The chapters with their ids, which [`Writer`] counts in the same order.
fn contents(document: &Document) -> Vec<(String, &str)> {
    let mut ids = Ids::default();
    let mut chapters = vec![];
    for block in &document.blocks {
        if let Block::Heading(level, text) = block {
            let id = ids.next("part");
            if *level == 2 {
                chapters.push((id, text.as_str()));
            }
        }
    }
    chapters
}

/// Ids that are unique in a page.
#[derive(Default)]
struct Ids {
    used: BTreeMap<&'static str, usize>,
}

impl Ids {
    fn next(&mut self, kind: &'static str) -> String {
        let number = self.used.entry(kind).or_default();
        *number += 1;
        format!("{kind}-{number}")
    }
}

#[derive(Default)]
struct Writer {
    ids: Ids,
}

impl Writer {
    /// Each chapter in a section of its own, labelled by its heading.
    fn chapters(&mut self, blocks: &[Block]) -> Markup {
        let mut starts: Vec<usize> =
            (0..blocks.len()).filter(|&index| matches!(blocks[index], Block::Heading(2, _))).collect();
        starts.push(blocks.len());
        let before = &blocks[..starts[0]];
        html! {
            @for block in before { (self.block(block)) }
            @for ends in starts.windows(2) { (self.chapter(&blocks[ends[0]..ends[1]])) }
        }
    }

    fn chapter(&mut self, blocks: &[Block]) -> Markup {
        let Some((Block::Heading(_, text), rest)) = blocks.split_first() else { return html! {} };
        let id = self.ids.next("part");
        html! {
            section aria-labelledby=(id) {
                h2 #(id) { (text) }
                @for block in rest { (self.block(block)) }
            }
        }
    }

    fn block(&mut self, block: &Block) -> Markup {
        match block {
            Block::Heading(_, text) => {
                let id = self.ids.next("part");
                html! { h3 #(id) { (text) } }
            }
            Block::Headline(text) => html! { p.headline { (text) } },
            Block::Text(text) => html! { p { (text) } },
            Block::Notice(text) => html! { p.notice role="note" { (text) } },
            Block::Items(items) => html! { ul { @for item in items { li { (item) } } } },
            Block::Folded(title, items) => html! {
                details { summary { (title) } ul { @for item in items { li { (item) } } } }
            },
            Block::Table(table) => self.table(table),
            Block::Tables(tables) => {
                html! { div.beside.small { @for table in tables { (self.table(table)) } } }
            }
            Block::Picture(picture) => self.picture(picture),
            Block::Pictures(pictures) => {
                html! { div.beside { @for picture in pictures { (self.picture(picture)) } } }
            }
            Block::Commands(lines) => {
                html! { pre tabindex="0" role="region" aria-label="Commands" { code { (lines.join("\n")) } } }
            }
        }
    }

    /// A table in a box of its own that scrolls, by keyboard too, if the window is narrower.
    fn table(&mut self, table: &Table) -> Markup {
        let id = self.ids.next("table");
        html! {
            div.scroll role="region" aria-labelledby=(id) tabindex="0" {
                table.shaded[table.rows.iter().flatten().any(|cell| cell.shade.is_some())]
                    data-sortable[table.sortable] {
                    caption #(id) { span { (table.caption) } }
                    thead {
                        tr { @for column in &table.columns { th.number[column.is_numeric()] scope="col" { (column.head) } } }
                    }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                @for (index, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                                    (table_cell(cell, index == 0, column.is_numeric()))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn picture(&mut self, picture: &Picture) -> Markup {
        let id = self.ids.next("picture");
        let (title, description) = (format!("{id}-title"), format!("{id}-description"));
        let content = own_ids(&picture.content, &id);
        html! {
            figure {
                div.scroll role="region" aria-labelledby=(title) tabindex="0" {
                    svg role="img" aria-labelledby={ (title) " " (description) }
                        viewBox={ "0 0 " (picture.width) " " (picture.height) }
                        width=(picture.width) height=(picture.height) {
                        title #(title) { (picture.title) }
                        desc #(description) { (picture.description) }
                        (PreEscaped(content))
                    }
                }
                figcaption { (picture.title) "." }
            }
        }
    }
}

fn table_cell(cell: &Cell, first: bool, numeric: bool) -> Markup {
    let sort = cell.sort.map(|number| number.to_string());
    // Never so dark that the page's text would be illegible on it.
    let style = cell.shade.map(|shade| format!("--shade: {:.0}%", 55.0 * shade));
    // Short text stays on one line: a learning rate must not break at its minus sign.
    let long = cell.text.chars().count() > 40;
    if first {
        html! { th.number[numeric] scope="row" data-sort=[sort] { (cell.text) } }
    } else {
        html! { td.number[numeric] .long[long] style=[style] data-sort=[sort] { (cell.text) } }
    }
}

/// Replaces the ids of a picture, which are numbered across the whole process, by those of its place in the page.
fn own_ids(content: &str, place: &str) -> String {
    let mut pieces = content.split(ID);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    let mut numbers: Vec<&str> = vec![];
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(digits);
        let index = numbers.iter().position(|known| *known == number).unwrap_or_else(|| {
            numbers.push(number);
            numbers.len() - 1
        });
        result.push_str(&format!("{place}-clip-{index}{rest}"));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::own_ids;

    #[test]
    fn ids_of_a_picture_are_those_of_its_place() {
        let content =
            r##"<clipPath id="kuva-clip-17"/><g clip-path="url(#kuva-clip-17)"/><g id="kuva-clip-18"/>"##;
        assert_eq!(
            own_ids(content, "picture-3"),
            r##"<clipPath id="picture-3-clip-0"/><g clip-path="url(#picture-3-clip-0)"/><g id="picture-3-clip-1"/>"##
        );
    }
}
