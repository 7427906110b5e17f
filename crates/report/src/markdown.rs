//! A page as Markdown: the same words and tables; pictures are separate files, and described in words.

use std::fmt::Write;

use crate::document::{Block, Document};
use crate::pictures::Picture;
use crate::table::Table;

/// The page as Markdown.
pub fn page(document: &Document) -> String {
    let mut text = format!("# {}\n\n{}\n", escaped(&document.title), escaped(&document.lead));
    let mut pictures = 0;
    for block in &document.blocks {
        text.push('\n');
        write(&mut text, block, &mut pictures).expect("a string takes all that is written");
    }
    text
}

/// The picture files of the Markdown page, each with its path relative to the page's folder.
pub fn pictures(document: &Document) -> Vec<(String, String)> {
    document.pictures().enumerate().map(|(index, picture)| (picture.path(index), picture.file())).collect()
}

/// The pictures that an earlier page of this kind shows, as paths relative to its folder.
pub fn shown(page: &str) -> impl Iterator<Item = &str> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("![")?.strip_suffix(')'));
    let paths = lines.filter_map(|line| Some(line.rsplit_once("](")?.1));
    paths.filter(|path| path.starts_with("pictures/") && !path.contains(".."))
}

/// Writes a block; `pictures` counts those before it.
fn write(out: &mut String, block: &Block, pictures: &mut usize) -> std::fmt::Result {
    let mut write_picture = |out: &mut String, picture: &Picture| {
        let path = picture.path(*pictures);
        *pictures += 1;
        writeln!(out, "![{}]({path})\n", escaped(&picture.title))?;
        writeln!(out, "*{}.* {}", escaped(&picture.title), escaped(&picture.description))
    };
    match block {
        Block::Heading(level, text) => writeln!(out, "{} {}", "#".repeat(usize::from(*level)), escaped(text)),
        Block::Headline(text) => writeln!(out, "**{}**", escaped(text)),
        Block::Text(text) => writeln!(out, "{}", escaped(text)),
        Block::Notice(text) => writeln!(out, "> **Note:** {}", escaped(text)),
        Block::Items(items) => items.iter().try_for_each(|item| writeln!(out, "- {}", escaped(item))),
        Block::Folded(title, items) => {
            writeln!(out, "{}:\n", escaped(title))?;
            items.iter().try_for_each(|item| writeln!(out, "- {}", escaped(item)))
        }
        Block::Table(table) => write_table(out, table),
        Block::Tables(tables) => separated(out, tables, write_table),
        Block::Picture(picture) => write_picture(out, picture),
        Block::Pictures(several) => separated(out, several, write_picture),
        Block::Commands(lines) => {
            let fence = fence(lines);
            writeln!(out, "{fence}sh\n{}\n{fence}", lines.join("\n"))
        }
    }
}

fn separated<T>(
    out: &mut String,
    all: &[T],
    mut one: impl FnMut(&mut String, &T) -> std::fmt::Result,
) -> std::fmt::Result {
    all.iter().enumerate().try_for_each(|(index, item)| {
        if index > 0 {
            out.push('\n');
        }
        one(out, item)
    })
}

fn write_table(out: &mut String, table: &Table) -> std::fmt::Result {
    writeln!(out, "{}\n", escaped(&table.caption))?;
    let heads: Vec<_> = table.columns.iter().map(|column| escaped(&column.head)).collect();
    writeln!(out, "| {} |", heads.join(" | "))?;
    let rules: Vec<_> =
        table.columns.iter().map(|column| if column.is_numeric() { "---:" } else { "---" }).collect();
    writeln!(out, "| {} |", rules.join(" | "))?;
    table.rows.iter().try_for_each(|row| {
        let cells: Vec<_> = row.iter().map(|cell| escaped(&cell.text)).collect();
        writeln!(out, "| {} |", cells.join(" | "))
    })
}

/// Text escaped for Markdown, on one line.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '$' => {
                result.push('\\');
                result.push(letter);
            }
            '\n' | '\r' => result.push(' '),
            _ => result.push(letter),
        }
    }
    result
}

/// A fence that none of the lines can close.
fn fence(lines: &[String]) -> String {
    let longest =
        lines.iter().flat_map(|line| line.split(|letter| letter != '`').map(str::len)).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_nothing_to_markdown() {
        assert_eq!(escaped("a|b\n<c> *d*"), r"a\|b \<c\> \*d\*");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        assert_eq!(fence(&["slimgate train".into()]), "```");
        assert_eq!(fence(&["echo ```".into()]), "````");
    }
}
