/**
 * What the engine knows of model families, as data: which tensors a model of a family has ({@link
 * org.bitnetj.family.Manifest}), its sizes and constants ({@link org.bitnetj.family.ModelSpec}) and
 * what its layers compute ({@link org.bitnetj.family.LayerPlan}). Readers of model files translate
 * into these terms; the forward pass knows no others.
 */
@NullMarked
package org.bitnetj.family;

import org.jspecify.annotations.NullMarked;
