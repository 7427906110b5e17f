//! The way from content to what a model reads.

use super::*;
use crate::find;

fn fit(dataset: &str, max_length: Option<usize>, train: &[Raw]) -> Preprocessing {
    fit_with(dataset, DataConfig { max_length, ..DataConfig::default() }, train)
}

fn fit_with(dataset: &str, config: DataConfig, train: &[Raw]) -> Preprocessing {
    let train: Vec<Example> = train.iter().map(|raw| Example::of_class(raw.clone(), 0)).collect();
    Preprocessing::fit(&find(&DataConfig::of(dataset)).unwrap(), &config, &train.iter().collect::<Vec<_>>())
        .unwrap()
}

fn one(preprocessing: &Preprocessing, raw: &Raw) -> Steps {
    preprocessing.apply([raw]).unwrap().remove(0)
}

fn text(text: &str) -> Raw {
    Raw::Text(text.into())
}

#[test]
fn images_share_one_mean_and_deviation() {
    // Half the training pixels are 0 and half 1: mean 0.5, deviation 0.5.
    let image = Raw::Pixels([vec![0.0; 392], vec![1.0; 392]].concat());
    let preprocessing = fit("digits-rows", None, &[image]);
    assert_eq!(preprocessing.input(), InputKind::Values { channels: 28 });
    let grey = one(&preprocessing, &Raw::Pixels(vec![0.75; 784]));
    assert_eq!(grey, Steps::Values { values: vec![0.5; 784], channels: 28 });
    assert_eq!(grey.len(), 28);
}

#[test]
fn each_pixel_can_have_a_mean_and_deviation_of_its_own() {
    let config = |max_length| DataConfig {
        max_length,
        standardize: Some(Standardize::EachPixel),
        ..DataConfig::default()
    };
    // Pixel p is 0 in one image and 2(p + 1) in the other, but for the last, which never varies.
    let image = |times: f32| {
        let mut pixels: Vec<f32> = (0..784).map(|pixel| times * (pixel + 1) as f32).collect();
        pixels[783] = 5.0;
        Raw::Pixels(pixels)
    };
    let images = [image(0.0), image(2.0)];
    let rows = fit_with("digits-rows", config(None), &images);
    let expected = [vec![1.0; 783], vec![0.0]].concat();
    assert_eq!(one(&rows, &images[1]), Steps::Values { values: expected, channels: 28 });
    let cut = fit_with("digits-pixels", config(Some(3)), &images);
    assert_eq!(one(&cut, &images[0]), Steps::Values { values: vec![-1.0; 3], channels: 1 });
}

#[test]
fn permuted_pixels_are_those_of_the_image_in_the_fixed_order() {
    let image = Raw::Pixels((0..784).map(|pixel| pixel as f32).collect());
    let values = |dataset| match one(&fit(dataset, None, std::slice::from_ref(&image)), &image) {
        Steps::Values { values, channels: 1 } => values,
        other => panic!("{other:?}"),
    };
    let (plain, permuted) = (values("digits-pixels"), values("digits-permuted"));
    assert_ne!(plain, permuted);
    for (at, place) in (Layout::Permuted { seed: 92916 }).order().into_iter().enumerate() {
        assert!((permuted[at] - plain[place]).abs() < 1e-6);
    }
}

#[test]
fn long_series_lose_their_end_before_they_are_measured() {
    let series = Raw::Values([vec![1.0; 12], vec![3.0; 12], vec![1e6; 12]].concat());
    let preprocessing = fit("japanese-vowels", Some(2), std::slice::from_ref(&series));
    let values = [vec![-1.0; 12], vec![1.0; 12]].concat();
    assert_eq!(one(&preprocessing, &series), Steps::Values { values, channels: 12 });
}

#[test]
fn words_outside_the_training_set_are_unknown() {
    let preprocessing = fit("movie-snippets", None, &[text("good film"), text("good")]);
    assert_eq!(preprocessing.input(), InputKind::Tokens { vocabulary: 4 });
    assert_eq!(one(&preprocessing, &text("Good bad film")), Steps::Tokens(vec![2, UNKNOWN, 3]));
    assert_eq!(one(&preprocessing, &text("...")), Steps::Tokens(vec![UNKNOWN]));
}

#[test]
fn a_stored_preprocessing_without_a_rule_for_tokens_keeps_the_old_one() {
    let texts = [text("C++ 😀 film"), text("c film")];
    let config = |tokens| DataConfig { tokens, ..DataConfig::default() };
    let old = fit_with("movie-snippets", config(None), &texts);
    let stored = serde_json::to_string(&old).unwrap();
    assert!(stored.contains(r#""transform":{"text":{"vocabulary":["c","film"]}}"#), "{stored}");
    assert_eq!(serde_json::from_str::<Preprocessing>(&stored).unwrap(), old);
    assert_eq!(old, fit_with("movie-snippets", config(Some(TokenRule::Alphanumeric)), &texts));

    let new = fit_with("movie-snippets", config(Some(TokenRule::Words)), &texts);
    let stored = serde_json::to_string(&new).unwrap();
    assert!(stored.contains(r#""tokens":"words""#), "{stored}");
    assert_eq!(serde_json::from_str::<Preprocessing>(&stored).unwrap(), new);
    assert_eq!(one(&new, &text("c++ c 😀")), Steps::Tokens(vec![4, 3, 5]));
}

#[test]
fn long_texts_lose_their_end_before_words_are_counted() {
    let preprocessing = fit("movie-snippets", Some(1), &[text("good film")]);
    assert_eq!(preprocessing.input(), InputKind::Tokens { vocabulary: 3 });
    assert_eq!(one(&preprocessing, &text("good good")), Steps::Tokens(vec![2]));
}

#[test]
fn the_end_can_be_kept_and_the_start_padded() {
    let config =
        DataConfig { max_length: Some(2), keep: Keep::End, pad: Pad::Start, ..DataConfig::default() };
    let texts = fit_with("movie-snippets", config.clone(), &[text("a good good film film film")]);
    // What is cut off is not counted either: `a` and `good` have no token id.
    assert_eq!(texts.input(), InputKind::Tokens { vocabulary: 3 });
    assert_eq!(one(&texts, &text("film a good")), Steps::Tokens(vec![UNKNOWN, UNKNOWN]));
    assert_eq!(one(&texts, &text("film")), Steps::Tokens(vec![PADDING, 2]));
    assert_eq!(one(&texts, &text("...")), Steps::Tokens(vec![PADDING, UNKNOWN]));

    let series = Raw::Values([vec![1e6; 12], vec![1.0; 12], vec![3.0; 12]].concat());
    let vowels = fit_with("japanese-vowels", config, std::slice::from_ref(&series));
    let values = [vec![-1.0; 12], vec![1.0; 12]].concat();
    assert_eq!(one(&vowels, &series), Steps::Values { values, channels: 12 });
    let values = [vec![0.0; 12], vec![1.0; 12]].concat();
    assert_eq!(one(&vowels, &Raw::Values(vec![3.0; 12])), Steps::Values { values, channels: 12 });
}

#[test]
fn a_stored_preprocessing_is_the_same_and_is_checked() {
    let (image, series) = (Raw::Pixels(vec![0.3; 784]), Raw::Values(vec![0.3; 12 * 3]));
    for (dataset, raw) in [("digits-permuted", image), ("japanese-vowels", series)] {
        let preprocessing = fit(dataset, Some(9), &[raw]);
        let text = serde_json::to_string(&preprocessing).unwrap();
        assert_eq!(serde_json::from_str::<Preprocessing>(&text).unwrap(), preprocessing);
        let broken = text.replace("\"max_length\":9", "\"max_length\":0");
        assert!(text != broken && serde_json::from_str::<Preprocessing>(&broken).is_err());
    }
}
