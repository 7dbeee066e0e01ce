//! From one declaration of the methods: the trait, the dispatcher, the client's half, and the table that documents are
//! written from.

/// Declares methods. Each has its documentation, its name, its parameters' type if it has any, and its result's.
///
/// Parameters are a struct that refuses unknown fields; its fields, in their order, are the method's parameters, by
/// name or by position.
macro_rules! methods {
    (
        $(#[$trait_meta:meta])*
        trait $trait:ident { $($beside:tt)* }
        client { $($beside_of_client:tt)* }
        $($(#[doc = $doc:literal])+ $name:ident($($params:ty)?) -> $result:ty;)+
    ) => {
        $(#[$trait_meta])*
        #[async_trait::async_trait]
        pub trait $trait: Send + Sync {
            $($(#[doc = $doc])+ async fn $name(&self $(, params: $params)?) -> Result<$result, Error>;)+
            $($beside)*
        }

        #[async_trait::async_trait]
        impl $trait for crate::Client {
            $(async fn $name(&self $(, params: $params)?) -> Result<$result, Error> {
                methods!(@remote self $name params $($params)?)
            })+
            $($beside_of_client)*
        }

        /// Every method, in the order of its declaration.
        pub const METHODS: &[Method] = &[$(
            Method {
                name: stringify!($name),
                doc: concat!($($doc, "\n"),+),
                params: methods!(@params $($params)?),
                result: |schemas| schemas.subschema_for::<$result>(),
            }
        ),+];

        /// Calls a method by its name. None where there is none of this name.
        pub async fn dispatch(logic: &dyn $trait, method: &str, params: Params<'_>) -> Option<Result<Json, Error>> {
            match method {
                $(stringify!($name) => Some(methods!(@call logic $name params $($params)?)),)+
                _ => None,
            }
        }

    };
    (@remote $client:ident $name:ident $params:ident) => {
        $client.call(stringify!($name), None::<()>).await
    };
    (@remote $client:ident $name:ident $params:ident $type:ty) => {
        $client.call(stringify!($name), Some($params)).await
    };
    (@params) => { None };
    (@params $params:ty) => { Some(|schemas| schemas.subschema_for::<$params>()) };
    (@call $logic:ident $name:ident $params:ident) => {
        match $params.none() {
            Ok(()) => result_of($logic.$name().await),
            Err(error) => Err(error),
        }
    };
    (@call $logic:ident $name:ident $params:ident $type:ty) => {
        match $params.to::<$type>() {
            Ok(params) => result_of($logic.$name(params).await),
            Err(error) => Err(error),
        }
    };
}

pub(crate) use methods;
