//! The content of a page, independent of its format: HTML and Markdown are made of the same blocks.

use crate::pictures::Picture;
use crate::table::Table;

/// A page.
#[derive(Debug)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// The text below the title.
    pub lead: String,
    /// Its content from top to bottom. The first heading is of level 2, and none skips a level.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Its pictures from top to bottom.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.blocks.iter().flat_map(|block| match block {
            Block::Picture(picture) => std::slice::from_ref(picture),
            Block::Pictures(pictures) => pictures,
            _ => &[],
        })
    }
}

/// A piece of a page.
#[derive(Debug)]
pub enum Block {
    /// A heading of level 2 or 3.
    Heading(u8, String),
    /// The page's main message, as a sentence.
    Headline(String),
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Notice(String),
    /// A list of sentences.
    Items(Vec<String>),
    /// A list of sentences under a title, out of sight until it is asked for where the format can do that.
    Folded(String, Vec<String>),
    /// A table.
    Table(Table),
    /// Small tables side by side, if there is room.
    Tables(Vec<Table>),
    /// A picture.
    Picture(Picture),
    /// Pictures side by side, if there is room.
    Pictures(Vec<Picture>),
    /// Commands for a terminal.
    Commands(Vec<String>),
}

impl Block {
    /// A chapter's heading.
    pub fn chapter(text: impl Into<String>) -> Block {
        Block::Heading(2, text.into())
    }

    /// A heading within a chapter.
    pub fn section(text: impl Into<String>) -> Block {
        Block::Heading(3, text.into())
    }

    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Block {
        Block::Text(text.into())
    }
}
