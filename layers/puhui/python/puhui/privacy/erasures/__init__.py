"""An account is erased: asked for, withdrawn or carried out."""
